import Foundation

/// The address or thread sanitizer in this process, as the Makefile says it.
public enum Sanitizer {
    /// Measurements of time and memory are the sanitizer's then, its shadow memory is terabytes that read as zeros, and
    /// memory is not locked.
    public static let isActive = ProcessInfo.processInfo.environment["GUARDD_SANITIZER"] != nil
}
