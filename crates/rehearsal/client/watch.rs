//! Notices what programs do that cannot be made virtual, for the engine to name in its report.

use core::sync::atomic::Ordering;

use crate::page;
use crate::sys::{call, close, nr, open};

/// Bits of the page's `seen`: a timer of the kernel was set; a program was started that is linked
/// without the C library's loader, so that this library is not in it.
const TIMER: u64 = 1;
const STATIC: u64 = 2;

fn saw(bit: u64) {
    if let Some(page) = page() {
        page.seen.fetch_or(bit, Ordering::Relaxed);
    }
}

unsafe extern "C" {
    fn __errno_location() -> *mut i32;
}

/// The C library's way to return what a system call returned.
fn returned(result: isize) -> isize {
    if result < 0 {
        // SAFETY: the C library's own errno of this thread.
        unsafe { *__errno_location() = -result as i32 };
        return -1;
    }
    result
}

/// The C library's `setitimer`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn setitimer(which: i32, new: *const [i64; 4], old: *mut [i64; 4]) -> i32 {
    saw(TIMER);
    // SAFETY: the caller gives `struct itimerval`s or null.
    returned(unsafe { call(nr::SETITIMER, which as usize, new as usize, old as usize, 0, 0, 0) }) as i32
}

/// The C library's `alarm`.
#[unsafe(no_mangle)]
pub extern "C" fn alarm(seconds: u32) -> u32 {
    let (new, mut old) = ([0, 0, i64::from(seconds), 0], [0i64; 4]);
    // SAFETY: both live through the call.
    unsafe { setitimer(0, &new, &mut old) };
    (old[2] + i64::from(old[3] > 0)) as u32
}

/// The C library's `timerfd_create`.
#[unsafe(no_mangle)]
pub extern "C" fn timerfd_create(clock: i32, flags: i32) -> i32 {
    saw(TIMER);
    // SAFETY: touches no memory.
    returned(unsafe { call(nr::TIMERFD_CREATE, clock as usize, flags as usize, 0, 0, 0, 0) }) as i32
}

/// The C library's `execve`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn execve(path: *const u8, argv: *const *const u8, env: *const *const u8) -> i32 {
    // SAFETY: the caller gives a NUL-terminated path.
    if unsafe { is_static(path) } {
        saw(STATIC);
    }
    // SAFETY: the caller's arguments, as they are.
    returned(unsafe { call(nr::EXECVE, path as usize, argv as usize, env as usize, 0, 0, 0) }) as i32
}

/// Whether a file is a 64-bit ELF program that names no loader. Lockkeeper's own client is one, and
/// says so in the header's padding.
unsafe fn is_static(path: *const u8) -> bool {
    if path.is_null() {
        return false;
    }
    let mut length = 0;
    // SAFETY: read up to its NUL.
    let path = unsafe {
        while path.add(length).read_volatile() != 0 {
            length += 1;
        }
        core::slice::from_raw_parts(path, length + 1)
    };
    // O_RDONLY | O_CLOEXEC
    let file = open(path, 0o2000000, 0);
    if file < 0 {
        return false;
    }
    let mut head = [0u8; 1024];
    // SAFETY: the buffer lives through the call.
    let got = unsafe { call(nr::PREAD64, file as usize, head.as_mut_ptr() as usize, head.len(), 0, 0, 0) };
    close(file as i32);
    let got = if got < 64 { return false } else { got as usize };
    if head[0] != 0x7f || head[1] != b'E' || head[2] != b'L' || head[3] != b'F' || head[4] != 2 || head[15] == b'L' {
        return false;
    }
    let (table, size, count) = (head[32] as usize + 256 * head[33] as usize, head[54] as usize, head[56] as usize);
    let mut at = 0;
    while at < count {
        let entry = table + at * size;
        if size == 0 || entry + 4 > got {
            // Too many to see them all.
            return false;
        }
        // PT_INTERP
        if head[entry] == 3 && head[entry + 1] == 0 {
            return false;
        }
        at += 1;
    }
    // ET_EXEC or ET_DYN
    head[16] == 2 || head[16] == 3
}
