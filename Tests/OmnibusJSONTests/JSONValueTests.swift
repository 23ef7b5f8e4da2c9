// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusJSON
import Testing

@Suite("JSON value")
struct JSONValueTests {
    @Test("is written as a literal")
    func isLiteral() {
        let value: JSONValue = ["a": [1, 2.5, "x", true, nil], "b": [:]]

        #expect(value["a"] == .array([.integer(1), .number(2.5), .string("x"), .bool(true), .null]))
        #expect(value["b"] == .object(JSONObject()))
    }

    @Test(
        "is equal, with the same hash, when it means the same",
        arguments: [
            (1, 1.0), (0, -0.0), (-5, -5.0), (.integer(.min), .number(-0x1p63)),
            (["a": 1, "b": 2], ["b": 2.0, "a": 1]),
            ([1, [2]], [1.0, [2.0]]), ("é", "é"),
        ] as [(JSONValue, JSONValue)]
    )
    func isEqual(left: JSONValue, right: JSONValue) {
        #expect(left == right)
        #expect(right == left)
        #expect(left.hashValue == right.hashValue)
    }

    @Test(
        "differs when it means something else",
        arguments: [
            (1, 1.5), (1, "1"), (1, true), (0, nil), (.integer(.max), .number(0x1p63)), ([1, 2], [2, 1]),
            (["a": 1], ["a": 1, "b": nil]), (["a": 1, "b": 2], ["a": 1, "c": 2]), (["a": 1], ["a": 2]),
            ("\u{E9}", "e\u{301}"), ([], [:]), (.integer(9_007_199_254_740_993), 9_007_199_254_740_992.0),
        ] as [(JSONValue, JSONValue)]
    )
    func differs(left: JSONValue, right: JSONValue) {
        #expect(left != right)
        #expect(right != left)
    }

    @Test("gives each kind out as what it is, and as nothing else")
    func hasAccessors() {
        #expect(JSONValue.null.isNull && !JSONValue.bool(false).isNull)
        #expect(JSONValue.bool(true).boolValue == true && JSONValue.integer(1).boolValue == nil)
        #expect(JSONValue.integer(3).intValue == 3 && JSONValue.string("3").intValue == nil)
        #expect(JSONValue.number(3.0).intValue == 3 && JSONValue.number(3.5).intValue == nil)
        #expect(JSONValue.number(1e300).intValue == nil)
        #expect(JSONValue.integer(3).doubleValue == 3 && JSONValue.bool(true).doubleValue == nil)
        #expect(JSONValue.string("x").stringValue == "x" && JSONValue.null.stringValue == nil)
        #expect(JSONValue.array([1]).arrayValue == [1] && JSONValue.object([:]).arrayValue == nil)
        #expect(JSONValue.object(["a": 1]).objectValue == ["a": 1] && JSONValue.array([]).objectValue == nil)
        #expect(JSONValue(UInt64.max).description == "18446744073709551615" && JSONValue(UInt8(7)) == 7)
        #expect(JSONValue(UInt64(1) << 63).doubleValue == 0x1p63 && JSONValue(UInt64.max).intValue == nil)
        #expect(JSONValue(Int128(10_000_000_000) * 1_000_000_000_000) == .number(1e22))
    }

    @Test("has no member and no element where there is none")
    func hasNoStrangeMembers() {
        let value: JSONValue = ["a": [1]]

        #expect(value["b"] == nil)
        #expect(value[0] == nil)
        #expect(value["a"]?[1] == nil)
        #expect(value["a"]?[-1] == nil)
        #expect(value["a"]?["x"] == nil)
    }

    @Test("takes new members and elements")
    func isSet() {
        var value: JSONValue = nil

        value["a"] = [1]
        value["b"] = .null
        value["a"]?[1] = 2
        value["a"]?[0] = "one"
        value["c"] = true
        value["b"] = nil

        #expect(value == ["a": ["one", 2], "c": true])
        #expect(value.objectValue?.names == ["a", "c"])
    }

    @Test("is left alone by setting what it cannot have")
    func isNotDamaged() {
        var text: JSONValue = "text"
        var list: JSONValue = [1]

        text["a"] = 1
        text[0] = 1
        list[5] = 1
        list[-1] = 1
        list["a"] = 1
        list[7] = nil

        #expect(text == "text")
        #expect(list == [1])
    }

    @Test("finds members through additions and removals as a dictionary does")
    func objectFollowsModel() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed: seed)
        var object = JSONObject()
        var model: [String: JSONValue] = [:]
        var order: [String] = []
        for step in 0..<5_000 {
            let name = "n\(Int.random(in: 0..<30, using: &random))"
            if Int.random(in: 0..<5, using: &random) < 2 {
                object[name] = nil
                model[name] = nil
                order.removeAll { $0 == name }
            } else {
                object[name] = JSONValue(step)
                if model.updateValue(JSONValue(step), forKey: name) == nil { order.append(name) }
            }
            let isSame = object.names == order && order.allSatisfy { object[$0] == model[$0] }
            guard isSame, object["missing"] == nil else {
                Issue.record("differs from the model after step \(step); seed \(seed)")
                return
            }
        }
    }
}
