//! Preloaded into every program of a step: the wall clock is the world's, and chance is seeded.
//!
//! The page that `LOCKKEEPER_CLOCK` names holds the virtual time in nanoseconds and a seed. Each
//! process draws a stream of its own from both, so that what it gets does not depend on which
//! others ran before it. Only the wall clock is virtual: a program that measures with the
//! monotonic clock waits for real, and must see that wait end.

#![no_std]

mod environment;
mod sys;
mod watch;

use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use sys::{call, nr, open};

// The compiled core library names it; nothing here unwinds.
core::arch::global_asm!(".globl rust_eh_personality", ".hidden rust_eh_personality", "rust_eh_personality:", "ret");

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    sys::exit(125)
}

#[repr(C)]
struct Page {
    nanoseconds: AtomicU64,
    seed: AtomicU64,
    /// What the steps did that takes them out of the virtual world: see `watch`.
    seen: AtomicU64,
}

/// How many words this process has drawn.
static DRAWN: AtomicU64 = AtomicU64::new(0);

static PAGE: AtomicPtr<Page> = AtomicPtr::new(core::ptr::null_mut());

unsafe extern "C" {
    static program_invocation_short_name: *const u8;
}

/// `mktemp` makes names from the monotonic clock, and waits for nothing; an installed program that
/// stands in for a tool waits for virtual time only.
static MONOTONIC_TOO: AtomicBool = AtomicBool::new(false);

/// Whether this program is called `name`, which ends in NUL.
unsafe fn is_called(name: &[u8]) -> bool {
    let mut i = 0;
    // SAFETY: the C library's text is NUL-terminated, and is read up to the first difference.
    while unsafe { *program_invocation_short_name.add(i) } == name[i] {
        if name[i] == 0 {
            return true;
        }
        i += 1;
    }
    false
}

#[used]
#[unsafe(link_section = ".init_array")]
static START: unsafe extern "C" fn() = start;

unsafe extern "C" fn start() {
    // SAFETY: as for `is_called`.
    let virtual_only = unsafe { is_called(b"mktemp\0") || environment::entry(b"LOCKKEEPER_REAL=").is_some() };
    MONOTONIC_TOO.store(virtual_only, Ordering::Relaxed);
    let name = b"LOCKKEEPER_CLOCK=";
    // SAFETY: nothing else of the program runs yet.
    let Some(path) = (unsafe { environment::entry(name) }) else { return };
    // O_RDWR | O_CLOEXEC
    let fd = open(&path[name.len()..], 0o2 | 0o2000000, 0);
    if fd >= 0 {
        // SAFETY: a new mapping. PROT_READ | PROT_WRITE, MAP_SHARED
        let page = unsafe { call(nr::MMAP, 0, 4096, 3, 1, fd as usize, 0) };
        sys::close(fd as i32);
        if page > 0 {
            PAGE.store(page as *mut Page, Ordering::Release);
        }
    }
}

fn page() -> Option<&'static Page> {
    let page = PAGE.load(Ordering::Acquire);
    // SAFETY: once stored, the mapping stays for the life of the process.
    if page.is_null() { None } else { Some(unsafe { &*page }) }
}

fn now() -> Option<(i64, i64)> {
    let nanoseconds = page()?.nanoseconds.load(Ordering::Relaxed);
    Some(((nanoseconds / 1_000_000_000) as i64, (nanoseconds % 1_000_000_000) as i64))
}

/// The C library's `clock_gettime`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: i32, time: *mut [i64; 2]) -> i32 {
    // CLOCK_REALTIME and CLOCK_REALTIME_COARSE
    if clock == 0 || clock == 5 || (clock == 1 && MONOTONIC_TOO.load(Ordering::Relaxed)) {
        if let Some((seconds, nanoseconds)) = now() {
            // SAFETY: the caller gives a `struct timespec`.
            unsafe { *time = [seconds, nanoseconds] };
            return 0;
        }
    }
    // SAFETY: as above.
    let result = unsafe { call(nr::CLOCK_GETTIME, clock as usize, time as usize, 0, 0, 0, 0) };
    if result < 0 { -1 } else { 0 }
}

/// The C library's `gettimeofday`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gettimeofday(time: *mut [i64; 2], _zone: *mut u8) -> i32 {
    let mut spec = [0i64; 2];
    // SAFETY: `spec` is a `struct timespec`; the caller gives a `struct timeval`.
    unsafe {
        if clock_gettime(0, &mut spec) != 0 {
            return -1;
        }
        if !time.is_null() {
            *time = [spec[0], spec[1] / 1000];
        }
    }
    0
}

/// The C library's `time`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn time(out: *mut i64) -> i64 {
    let mut spec = [0i64; 2];
    // SAFETY: `spec` is a `struct timespec`; `out` is null or the caller's.
    unsafe {
        clock_gettime(0, &mut spec);
        if !out.is_null() {
            *out = spec[0];
        }
    }
    spec[0]
}

/// SplitMix64: the n-th number of the stream that `seed` begins.
fn draw(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The C library's `getrandom`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getrandom(buffer: *mut u8, length: usize, flags: u32) -> isize {
    let Some(page) = page() else {
        // SAFETY: the caller gives a buffer of `length` bytes.
        return unsafe { call(nr::GETRANDOM, buffer as usize, length, flags as usize, 0, 0, 0) };
    };
    let seed = page.seed.load(Ordering::Relaxed) ^ page.nanoseconds.load(Ordering::Relaxed).rotate_left(32);
    let mut i = 0;
    while i < length {
        let word = draw(seed, DRAWN.fetch_add(1, Ordering::Relaxed) + 1).to_le_bytes();
        let mut j = 0;
        while j < 8 && i < length {
            // SAFETY: `i` is below `length`.
            unsafe { buffer.add(i).write_volatile(word[j]) };
            i += 1;
            j += 1;
        }
    }
    length as isize
}

/// The C library's `getentropy`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getentropy(buffer: *mut u8, length: usize) -> i32 {
    // SAFETY: the caller gives a buffer of `length` bytes.
    unsafe { getrandom(buffer, length, 0) };
    0
}

/// The C library's `arc4random_buf`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arc4random_buf(buffer: *mut u8, length: usize) {
    // SAFETY: the caller gives a buffer of `length` bytes.
    unsafe { getrandom(buffer, length, 0) };
}

/// The C library's `arc4random`.
#[unsafe(no_mangle)]
pub extern "C" fn arc4random() -> u32 {
    let mut word = [0u8; 4];
    // SAFETY: a buffer of four bytes.
    unsafe { getrandom(word.as_mut_ptr(), 4, 0) };
    u32::from_le_bytes(word)
}

/// The C library's `arc4random_uniform`.
#[unsafe(no_mangle)]
pub extern "C" fn arc4random_uniform(bound: u32) -> u32 {
    match bound {
        0 => 0,
        _ => ((u64::from(arc4random()) * u64::from(bound)) >> 32) as u32,
    }
}
