// Part of Omnibus, an event bus that a Swift program links and runs inside itself.
// SPDX-License-Identifier: Apache-2.0

#if OMNIBUS_THREAD_SANITIZER
    import OmnibusCore

    // This module's declaration wins over both that are imported.
    typealias Mutex<Value: ~Copyable> = OmnibusCore.Mutex<Value>
#endif
