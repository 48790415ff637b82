//! Preloaded, before the other library, into an installed program that stands in for a modelled
//! tool: its connections to the loopback address lead to the controller, which answers in the
//! place of the service, and its pauses take virtual time.
//!
//! A connection is announced by a frame with what the controller must know of the process, and is
//! the program's own from then on. A wait for it has no limit of its own: how long an answer takes
//! is the world's business.

#![no_std]
// The C library's names and types.
#![allow(non_camel_case_types)]

mod environment;
mod reach;
mod sys;

use core::sync::atomic::{AtomicU64, Ordering};
use sys::{call, nr};

// The compiled core library names it; nothing here unwinds.
core::arch::global_asm!(".globl rust_eh_personality", ".hidden rust_eh_personality", "rust_eh_personality:", "ret");

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    sys::exit(125)
}

/// Frames to the controller.
const REQUEST: u8 = 20;
const PAUSE: u8 = 21;

const AF_INET: i32 = 2;
const IPPROTO_TCP: i32 = 6;
const ENETUNREACH: isize = -101;
const ECONNREFUSED: isize = -111;

unsafe extern "C" {
    fn __errno_location() -> *mut i32;
}

/// The C library's way to return what a system call returned.
fn returned(result: isize) -> i32 {
    if result < 0 {
        // SAFETY: the C library's own errno of this thread.
        unsafe { *__errno_location() = -result as i32 };
        return -1;
    }
    result as i32
}

/// The machine's directory, which the clock lies in, with a NUL.
fn directory(to: &mut [u8; 4096]) -> Option<&[u8]> {
    let name = b"LOCKKEEPER_CLOCK=";
    // SAFETY: only the kernel's copy of the start matters, which programs of this kind leave alone.
    let entry = unsafe { environment::entry(name) }?;
    let path = entry.get(name.len()..)?;
    let end = path.iter().rposition(|byte| *byte == b'/')?;
    if end == 0 || end >= to.len() {
        return None;
    }
    to[..end].copy_from_slice(&path[..end]);
    to[end] = 0;
    Some(&to[..=end])
}

/// Says who is at the other end: words, a directory, the variable that names the step's place.
fn announce(socket: i32, kind: u8, words: &[&[u8]]) -> bool {
    let mut frame = [0u8; 256];
    let mut at = 4;
    frame[..4].copy_from_slice(&(words.len() as u32).to_le_bytes());
    let mut put = |bytes: &[u8]| {
        if at + bytes.len() < frame.len() {
            frame[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        }
    };
    for word in words {
        put(word);
        put(b"\0");
    }
    put(b"/\0");
    // SAFETY: as in `directory`.
    if let Some(entry) = unsafe { environment::entry(b"LOCKKEEPER_STEP=") } {
        put(entry);
    }
    send(socket, kind, &frame[..at])
}

/// Sends a frame, in two pieces.
fn send(socket: i32, kind: u8, bytes: &[u8]) -> bool {
    let length = (bytes.len() as u32).to_le_bytes();
    sys::write_all(socket, &[kind, length[0], length[1], length[2], length[3]]) && sys::write_all(socket, bytes)
}

/// Which of the first descriptors are connections that became the controller's.
static OURS: [AtomicU64; 16] = [const { AtomicU64::new(0) }; 16];

fn is_ours(fd: i32) -> bool {
    let word = OURS.get(fd as usize / 64);
    word.is_some_and(|word| word.load(Ordering::Relaxed) & (1 << (fd as usize % 64)) != 0)
}

fn set_ours(fd: i32, ours: bool) {
    let Some(word) = OURS.get(fd as usize / 64) else { return };
    let bit = 1 << (fd as usize % 64);
    if ours {
        word.fetch_or(bit, Ordering::Relaxed);
    } else {
        word.fetch_and(!bit, Ordering::Relaxed);
    }
}

/// The C library's `socket`: a stream to the Internet is one to the controller.
#[unsafe(no_mangle)]
pub extern "C" fn socket(domain: i32, kind: i32, protocol: i32) -> i32 {
    // Without SOCK_NONBLOCK and SOCK_CLOEXEC, a stream.
    let inet = domain == AF_INET && kind & 0xf == 1;
    let (domain, protocol) = if inet { (reach::UNIX as i32, 0) } else { (domain, protocol) };
    // SAFETY: touches no memory.
    let made = returned(unsafe { call(nr::SOCKET, domain as usize, kind as usize, protocol as usize, 0, 0, 0) });
    if made >= 0 {
        set_ours(made, inet);
    }
    made
}

/// The C library's `connect`: to the loopback address alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn connect(fd: i32, address: *const u8, length: u32) -> i32 {
    if !is_ours(fd) || length < 8 {
        // SAFETY: the caller's arguments, as they are.
        return returned(unsafe { call(nr::CONNECT, fd as usize, address as usize, length as usize, 0, 0, 0) });
    }
    // SAFETY: `struct sockaddr_in`: family, port, address.
    let first = unsafe { *address.add(4) };
    if first != 127 {
        return returned(ENETUNREACH);
    }
    let mut buffer = [0u8; 4096];
    let Some(directory) = directory(&mut buffer) else { return returned(ECONNREFUSED) };
    let attached = reach::attach(fd, directory);
    if attached < 0 {
        return returned(attached);
    }
    if !announce(fd, REQUEST, &[b"request"]) {
        return returned(ECONNREFUSED);
    }
    0
}

/// The C library's `setsockopt`: what TCP has and the controller's sockets have not is granted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn setsockopt(fd: i32, level: i32, name: i32, value: *const u8, length: u32) -> i32 {
    if is_ours(fd) && level == IPPROTO_TCP {
        return 0;
    }
    // SAFETY: the caller's arguments, as they are.
    returned(unsafe { call(nr::SETSOCKOPT, fd as usize, level as usize, name as usize, value as usize, length as usize, 0) })
}

/// The C library's `close`.
#[unsafe(no_mangle)]
pub extern "C" fn close(fd: i32) -> i32 {
    if is_ours(fd) {
        set_ours(fd, false);
    }
    // SAFETY: touches no memory.
    returned(unsafe { call(nr::CLOSE, fd as usize, 0, 0, 0, 0, 0) })
}

/// `struct timespec`, and `struct timeval` with another unit.
type Time = [i64; 2];

/// Waits for virtual time to pass; an error number when a signal came first.
fn pause(nanoseconds: u64) -> isize {
    let mut buffer = [0u8; 4096];
    let Some(directory) = directory(&mut buffer) else { return 0 };
    let socket = reach::connect(directory);
    if socket < 0 {
        return 0;
    }
    let mut digits = [0u8; 20];
    let count = reach::decimal(nanoseconds, &mut digits);
    let mut result = 0;
    if announce(socket as i32, PAUSE, &[b"pause", &digits[..count]]) {
        let mut answer = [0u8; 16];
        // SAFETY: the buffer lives through the call. The controller answers once, or goes away.
        result = unsafe { call(nr::READ, socket as usize, answer.as_mut_ptr() as usize, answer.len(), 0, 0, 0) };
    }
    sys::close(socket as i32);
    if result == sys::EINTR { sys::EINTR } else { 0 }
}

unsafe extern "C" {
    fn clock_gettime(clock: i32, time: *mut Time) -> i32;
}

fn nanoseconds(time: &Time) -> u64 {
    (time[0].max(0) as u64).saturating_mul(1_000_000_000).saturating_add(time[1].max(0) as u64)
}

/// The C library's `clock_nanosleep`, which returns its error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_nanosleep(clock: i32, flags: i32, wanted: *const Time, left: *mut Time) -> i32 {
    // SAFETY: the caller gives a `struct timespec`.
    let mut length = nanoseconds(unsafe { &*wanted });
    // TIMER_ABSTIME
    if flags & 1 != 0 {
        let mut now = [0i64; 2];
        // SAFETY: the preloaded library's own, which answers with virtual time.
        unsafe { clock_gettime(clock, &mut now) };
        length = length.saturating_sub(nanoseconds(&now));
    }
    if length == 0 {
        return 0;
    }
    let before = length;
    let result = pause(length);
    if result < 0 && flags & 1 == 0 && !left.is_null() {
        // How much of it passed is not known; the caller sleeps anew.
        // SAFETY: the caller gives a `struct timespec`.
        unsafe { *left = [(before / 1_000_000_000) as i64, (before % 1_000_000_000) as i64] };
    }
    -result as i32
}

/// The C library's `nanosleep`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nanosleep(wanted: *const Time, left: *mut Time) -> i32 {
    // SAFETY: the caller's arguments, as they are.
    returned(-unsafe { clock_nanosleep(1, 0, wanted, left) } as isize)
}

/// The C library's `select`; without descriptors it is a pause.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn select(count: i32, read: *mut u8, write: *mut u8, except: *mut u8, limit: *mut Time) -> i32 {
    if count == 0 && !limit.is_null() {
        // SAFETY: the caller gives a `struct timeval`.
        let wanted = unsafe { &*limit };
        let length = nanoseconds(&[wanted[0], wanted[1].saturating_mul(1000)]);
        return if length == 0 { 0 } else { returned(pause(length)) };
    }
    // SAFETY: null, or the caller's `struct timeval`.
    let mut time = unsafe { limit.as_ref() }.map(|wanted| [wanted[0], wanted[1].saturating_mul(1000)]);
    let at = time.as_mut().map_or(core::ptr::null_mut(), |time| time as *mut Time);
    // SAFETY: the caller's arguments, with the limit in the kernel's unit.
    returned(unsafe { call(nr::PSELECT6, count as usize, read as usize, write as usize, except as usize, at as usize, 0) })
}

#[repr(C)]
pub struct pollfd {
    fd: i32,
    events: i16,
    revents: i16,
}

/// The C library's `poll`: without a limit where it is for the controller, a pause where it is for
/// nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn poll(waits: *mut pollfd, count: u64, limit: i32) -> i32 {
    let count = count as usize;
    if count == 0 && limit > 0 {
        return returned(pause(limit as u64 * 1_000_000));
    }
    let mut for_controller = false;
    let mut i = 0;
    while i < count {
        // SAFETY: the caller gives `count` of them.
        for_controller |= is_ours(unsafe { (*waits.add(i)).fd });
        i += 1;
    }
    let mut time = [i64::from(limit) / 1000, i64::from(limit) % 1000 * 1_000_000];
    let at = if limit < 0 || (limit > 0 && for_controller) { core::ptr::null_mut() } else { &mut time as *mut Time };
    // SAFETY: the caller's arguments, with the limit in the kernel's unit.
    returned(unsafe { call(nr::PPOLL, waits as usize, count, at as usize, 0, 0, 0) })
}

/// `poll` as programs call it that the compiler has hardened.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __poll_chk(waits: *mut pollfd, count: u64, limit: i32, _room: usize) -> i32 {
    // SAFETY: the caller's arguments, as they are.
    unsafe { poll(waits, count, limit) }
}
