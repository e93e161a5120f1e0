/// Columns of a table, for people.
extension String {
    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
    func leading(_ width: Int) -> String { String(repeating: " ", count: max(1, width - count)) + self }
}

extension Double {
    func text(_ digits: Int) -> String {
        let scale = digits == 1 ? 10.0 : 100.0
        let rounded = (self * scale).rounded() / scale
        return "\(rounded)"
    }
}
