// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

extension JSONValue {
    /// The paths of the members that events have fields for: not those in objects of any form.
    var paths: [[String]] {
        var result: [[String]] = []
        for member in self.objectValue ?? [:] {
            result.append([member.name])
            let isFree = ["parameters", "result", "details"].contains(member.name)
            if !isFree { result += member.value.paths.map { [member.name] + $0 } }
        }
        // What a compensation carries is of any form too.
        return result.filter { !($0.count > 2 && $0.first == "compensation") }
    }

    func value(at path: ArraySlice<String>) -> JSONValue? {
        guard let name = path.first else { return self }
        return self[name]?.value(at: path.dropFirst())
    }

    func removing(_ path: ArraySlice<String>) -> JSONValue {
        self.changing(path) { _ in nil }
    }

    func setting(_ path: ArraySlice<String>, to value: JSONValue) -> JSONValue {
        self.changing(path) { _ in value }
    }

    private func changing(_ path: ArraySlice<String>, _ change: (JSONValue?) -> JSONValue?) -> JSONValue {
        guard case .object(var members) = self, let name = path.first else { return self }
        if path.count == 1 {
            members[name] = change(members[name])
        } else {
            members[name] = members[name]?.changing(path.dropFirst(), change)
        }
        return .object(members)
    }
}
