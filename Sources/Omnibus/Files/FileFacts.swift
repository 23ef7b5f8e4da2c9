// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What the system knows of a file: what it is, which one, and how large.
struct FileFacts {
    /// What there is, in words that go on after "is".
    enum Kind: String {
        case file = "a file"
        case folder = "a folder"
        case link = "a symbolic link"
        case pipe = "a pipe"
        case socket = "a socket"
        case device = "a device"
        case disk = "a disk"
        case other = "something else"
    }

    let kind: Kind
    let size: Int64
    private let device: UInt64
    private let number: UInt64

    /// The facts of what is open.
    init(of descriptor: Int32) throws(SystemFault) {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw SystemFault() }
        self.init(facts)
    }

    /// The facts of what is at a path, where a symbolic link stands for what it leads to.
    init(at path: String) throws(SystemFault) {
        var facts = stat()
        guard stat(path, &facts) == 0 else { throw SystemFault() }
        self.init(facts)
    }

    /// What is at a path, be it a symbolic link; nil where there is nothing.
    static func kind(at path: String) throws(SystemFault) -> Kind? {
        var facts = stat()
        if lstat(path, &facts) == 0 { return Self(facts).kind }
        let fault = SystemFault()
        guard fault.isMissing else { throw fault }
        return nil
    }

    private init(_ facts: stat) {
        self.kind =
            switch facts.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFLNK: .link
            case S_IFIFO: .pipe
            case S_IFSOCK: .socket
            case S_IFCHR: .device
            case S_IFBLK: .disk
            default: .other
            }
        self.size = Int64(facts.st_size)
        self.device = UInt64(truncatingIfNeeded: facts.st_dev)
        self.number = UInt64(truncatingIfNeeded: facts.st_ino)
    }

    /// Whether both are of one file, whatever its names.
    func areOfSameFile(as other: FileFacts) -> Bool {
        self.device == other.device && self.number == other.number
    }
}
