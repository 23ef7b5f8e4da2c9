// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The words that a name consists of, in lower case: `userPassword`, `user_password` and `User-Password` have the same.
enum NameWords {
    /// Splits at everything that is no letter or digit, and where a small letter is followed by a capital one.
    static func split(_ name: String) -> [String] {
        var words: [String] = []
        var word = ""
        var scalars = name.unicodeScalars.makeIterator()
        var (before, current) = (Unicode.Scalar?.none, scalars.next())
        while let scalar = current {
            let next = scalars.next()
            let isInside = scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            let begins =
                scalar.properties.isUppercase
                && (before?.properties.isUppercase == false || next?.properties.isLowercase == true)
            if !isInside || begins {
                if !word.isEmpty { words.append(word) }
                word = ""
            }
            if isInside { word += scalar.properties.lowercaseMapping }
            (before, current) = (isInside ? scalar : nil, next)
        }
        if !word.isEmpty { words.append(word) }
        return words
    }
}
