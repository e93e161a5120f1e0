/// Welch's t of two classes of measurements, kept up as they come: far from 0 means that the classes differ in their mean.
struct WelchTest {
    private struct Class {
        var count = 0.0
        var mean = 0.0
        /// Sum of squared distances from the mean.
        var spread = 0.0

        mutating func add(_ value: Double) {
            count += 1
            let distance = value - mean
            mean += distance / count
            spread += distance * (value - mean)
        }

        /// Variance of the mean.
        var error: Double { spread / (count - 1) / count }
    }

    private var classes = [Class(), Class()]

    mutating func add(_ value: Double, isSecond: Bool) { classes[isSecond ? 1 : 0].add(value) }

    var t: Double {
        guard classes.allSatisfy({ $0.count > 1 }) else { return 0 }
        let error = (classes[0].error + classes[1].error).squareRoot()
        return error > 0 ? (classes[0].mean - classes[1].mean) / error : 0
    }
}
