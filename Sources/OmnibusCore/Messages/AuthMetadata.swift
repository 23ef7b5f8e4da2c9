// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents

/// Who vouches for a message: issuer, client, signature and the time of signing.
///
/// It travels with the message as it is; nothing here checks the signature. The texts hold no control character.
public struct AuthMetadata: Hashable, Sendable {
    /// The name of whoever issued the identity.
    public var issuer: String
    /// The name of the client whose identity it is.
    public var clientID: String
    /// The signature's bytes; what they are made of is the signer's business.
    public var signature: [UInt8]
    /// The point in time at which the message was signed.
    public var timestamp: Timestamp

    /// Creates authentication data from issuer, client, signature and time of signing.
    public init(issuer: String, clientID: String, signature: [UInt8], timestamp: Timestamp) {
        self.issuer = issuer
        self.clientID = clientID
        self.signature = signature
        self.timestamp = timestamp
    }
}

extension AuthMetadata {
    /// Compares everything, texts byte by byte.
    public static func == (left: AuthMetadata, right: AuthMetadata) -> Bool {
        ExactText.isSame(left.issuer, right.issuer) && ExactText.isSame(left.clientID, right.clientID)
            && left.signature == right.signature && left.timestamp == right.timestamp
    }

    /// Hashes what is compared, so that equal values hash alike.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(ExactText(self.issuer))
        hasher.combine(ExactText(self.clientID))
        hasher.combine(self.signature)
        hasher.combine(self.timestamp)
    }
}
