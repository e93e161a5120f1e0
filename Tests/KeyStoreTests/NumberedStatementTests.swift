import Testing

@testable import KeyStore

@Suite struct NumberedStatementTests {
    @Test(arguments: [
        (
            "SELECT a FROM t WHERE b = :b AND c = :c OR b < :b", "SELECT a FROM t WHERE b = $1 AND c = $2 OR b < $1",
            ["b", "c"]
        ),
        ("SELECT ':x', \":y\", 'it''s :z' || :a", "SELECT ':x', \":y\", 'it''s :z' || $1", ["a"]),
        ("SELECT x::text, :x::bigint", "SELECT x::text, $1::bigint", ["x"]),
        (
            "SELECT 1 -- :no\n, :yes /* :no /* :no */ :no */ + :also",
            "SELECT 1 -- :no\n, $1 /* :no /* :no */ :no */ + $2", ["yes", "also"]
        ),
        ("SELECT $$ :no $$, $t$ :no $$ $t$, :yes", "SELECT $$ :no $$, $t$ :no $$ $t$, $1", ["yes"]),
        ("SELECT a[1:2], a$b, :n1_x)", "SELECT a[1:2], a$b, $1)", ["n1_x"]),
        ("SELECT 'open :x", "SELECT 'open :x", []), ("/* open :x", "/* open :x", []), ("$$ :x", "$$ :x", []),
        (":", ":", []),
        ("VALUES (:a,:b,:a)", "VALUES ($1,$2,$1)", ["a", "b"]),
    ])
    func namesBecomeNumbers(_ sql: String, _ text: String, _ names: [String]) {
        let statement = NumberedStatement(sql)
        #expect(statement.text == text)
        #expect(statement.names == names)
    }
}
