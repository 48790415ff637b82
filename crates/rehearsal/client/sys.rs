//! The few Linux system calls that client and preload make, without a C library.

#![allow(dead_code)]

#[cfg(target_arch = "x86_64")]
pub mod nr {
    pub const READ: usize = 0;
    pub const WRITE: usize = 1;
    pub const CLOSE: usize = 3;
    pub const MMAP: usize = 9;
    pub const MUNMAP: usize = 11;
    pub const SOCKET: usize = 41;
    pub const CONNECT: usize = 42;
    pub const EXIT_GROUP: usize = 231;
    pub const GETCWD: usize = 79;
    pub const OPENAT: usize = 257;
    pub const MKDIRAT: usize = 258;
    pub const READLINKAT: usize = 267;
    pub const PREAD64: usize = 17;
    pub const EXECVE: usize = 59;
    pub const SETITIMER: usize = 38;
    pub const TIMERFD_CREATE: usize = 283;
    pub const GETRANDOM: usize = 318;
    pub const CLOCK_GETTIME: usize = 228;
    pub const CLOCK_NANOSLEEP: usize = 230;
    pub const PPOLL: usize = 271;
    pub const PSELECT6: usize = 270;
    pub const SETSOCKOPT: usize = 54;
    pub const GETSOCKOPT: usize = 55;
    pub const CLONE: usize = 56;
    pub const WAIT4: usize = 61;
    pub const PRCTL: usize = 157;
}

#[cfg(target_arch = "aarch64")]
pub mod nr {
    pub const READ: usize = 63;
    pub const WRITE: usize = 64;
    pub const CLOSE: usize = 57;
    pub const MMAP: usize = 222;
    pub const MUNMAP: usize = 215;
    pub const SOCKET: usize = 198;
    pub const CONNECT: usize = 203;
    pub const EXIT_GROUP: usize = 94;
    pub const GETCWD: usize = 17;
    pub const OPENAT: usize = 56;
    pub const MKDIRAT: usize = 34;
    pub const READLINKAT: usize = 78;
    pub const PREAD64: usize = 67;
    pub const EXECVE: usize = 221;
    pub const SETITIMER: usize = 103;
    pub const TIMERFD_CREATE: usize = 85;
    pub const GETRANDOM: usize = 278;
    pub const CLOCK_GETTIME: usize = 113;
    pub const CLOCK_NANOSLEEP: usize = 115;
    pub const PPOLL: usize = 73;
    pub const PSELECT6: usize = 72;
    pub const SETSOCKOPT: usize = 208;
    pub const GETSOCKOPT: usize = 209;
    pub const CLONE: usize = 220;
    pub const WAIT4: usize = 260;
    pub const PRCTL: usize = 167;
}

/// Makes a system call; the result is negative (an error number) or what the call returns.
///
/// # Safety
/// The arguments must be what the kernel expects of call `number`.
#[cfg(target_arch = "x86_64")]
pub unsafe fn call(number: usize, a: usize, b: usize, c: usize, d: usize, e: usize, f: usize) -> isize {
    let result: isize;
    // SAFETY: the caller vouches for the arguments; the clobbers are the kernel's.
    unsafe {
        core::arch::asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
            lateout("rcx") _, lateout("r11") _,
            options(nostack),
        );
    }
    result
}

/// Makes a system call; the result is negative (an error number) or what the call returns.
///
/// # Safety
/// The arguments must be what the kernel expects of call `number`.
#[cfg(target_arch = "aarch64")]
pub unsafe fn call(number: usize, a: usize, b: usize, c: usize, d: usize, e: usize, f: usize) -> isize {
    let result: isize;
    // SAFETY: the caller vouches for the arguments; the clobbers are the kernel's.
    unsafe {
        core::arch::asm!(
            "svc 0",
            in("x8") number,
            inlateout("x0") a as isize => result,
            in("x1") b, in("x2") c, in("x3") d, in("x4") e, in("x5") f,
            options(nostack),
        );
    }
    result
}

pub const EINTR: isize = -4;
pub const EFBIG: isize = -27;
pub const EEXIST: isize = -17;
pub const AT_FDCWD: usize = -100isize as usize;

pub fn read(fd: i32, buffer: &mut [u8]) -> isize {
    loop {
        // SAFETY: the pointer and length are those of a live, writable slice.
        let n = unsafe { call(nr::READ, fd as usize, buffer.as_mut_ptr() as usize, buffer.len(), 0, 0, 0) };
        if n != EINTR {
            return n;
        }
    }
}

pub fn write_all(fd: i32, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        // SAFETY: the pointer and length are those of a live slice.
        let n = unsafe { call(nr::WRITE, fd as usize, bytes.as_ptr() as usize, bytes.len(), 0, 0, 0) };
        if n == EINTR {
            continue;
        }
        if n <= 0 {
            return false;
        }
        bytes = &bytes[n as usize..];
    }
    true
}

pub fn close(fd: i32) {
    // SAFETY: closing a descriptor number has no memory effects.
    unsafe { call(nr::CLOSE, fd as usize, 0, 0, 0, 0, 0) };
}

/// Opens `path`, which must end in NUL.
pub fn open(path: &[u8], flags: usize, mode: usize) -> isize {
    debug_assert!(path.last() == Some(&0));
    // SAFETY: the path is NUL-terminated and lives through the call.
    unsafe { call(nr::OPENAT, AT_FDCWD, path.as_ptr() as usize, flags, mode, 0, 0) }
}

pub fn exit(code: i32) -> ! {
    loop {
        // SAFETY: ends the process.
        unsafe { call(nr::EXIT_GROUP, code as usize, 0, 0, 0, 0, 0) };
    }
}
