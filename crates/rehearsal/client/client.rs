//! The process behind every modelled tool: says what it was called with, then does what the
//! controller tells it (print, read, write, exit) with the rights of the step it runs in.
//!
//! It is started thousands of times in a rehearsal, so it has no C library and no start-up cost.
//! Its socket is `../socket` beside the directory that holds this file; frames are a kind byte, a
//! little-endian length and that many bytes.

#![no_std]
#![no_main]

mod reach;
mod run;
mod sys;

use sys::{EEXIST, EFBIG, call, close, exit, nr, open, read, write_all};

/// Frames from the controller.
const OUT: u8 = 1;
const ERR: u8 = 2;
const STDIN: u8 = 3;
const READ: u8 = 4;
const WRITE: u8 = 5;
const EXIT: u8 = 6;
const RUN: u8 = 7;
/// Frames to the controller.
const CALL: u8 = 16;
const DATA: u8 = 17;
const ERRNO: u8 = 18;

/// The largest input that a tool may read.
const MOST: usize = 64 << 20;

// The compiled core library names it; nothing here unwinds.
core::arch::global_asm!(".globl rust_eh_personality", ".hidden rust_eh_personality", "rust_eh_personality:", "ret");

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    exit(125)
}

#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(".globl _start", "_start:", "xor ebp, ebp", "mov rdi, rsp", "and rsp, -16", "call {main}", main = sym main);
#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(".globl _start", "_start:", "mov x29, 0", "mov x0, sp", "and sp, x0, -16", "bl {main}", main = sym main);

// The compiler may call these for slices; without a C library they are ours.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, n: usize) -> *mut u8 {
    let mut i = 0;
    while i < n {
        // SAFETY: memcpy's contract. Volatile keeps this loop from becoming a call to itself.
        unsafe { to.add(i).write_volatile(from.add(i).read()) };
        i += 1;
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, value: i32, n: usize) -> *mut u8 {
    let mut i = 0;
    while i < n {
        // SAFETY: memset's contract.
        unsafe { to.add(i).write_volatile(value as u8) };
        i += 1;
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, n: usize) -> i32 {
    let mut i = 0;
    while i < n {
        // SAFETY: memcmp's contract.
        let (x, y) = unsafe { (a.add(i).read_volatile(), b.add(i).read_volatile()) };
        if x != y {
            return i32::from(x) - i32::from(y);
        }
        i += 1;
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const u8) -> usize {
    let mut n = 0;
    // SAFETY: the text is NUL-terminated.
    while unsafe { text.add(n).read_volatile() } != 0 {
        n += 1;
    }
    n
}

/// Memory for one frame, from the kernel.
struct Buffer {
    start: *mut u8,
    capacity: usize,
    length: usize,
}

impl Buffer {
    fn new(capacity: usize) -> Self {
        let capacity = capacity.max(1);
        // SAFETY: an anonymous private mapping touches nothing that exists.
        let start = unsafe { call(nr::MMAP, 0, capacity, 3, 0x22, usize::MAX, 0) };
        if start < 0 {
            exit(125);
        }
        Self { start: start as *mut u8, capacity, length: 0 }
    }

    fn free(self) {
        // SAFETY: the mapping is ours and not used again.
        unsafe { call(nr::MUNMAP, self.start as usize, self.capacity, 0, 0, 0, 0) };
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: the first `length` bytes of the mapping are written.
        unsafe { core::slice::from_raw_parts(self.start, self.length) }
    }

    fn spare(&mut self) -> &mut [u8] {
        // SAFETY: the mapping has `capacity` bytes, zeroed by the kernel.
        unsafe { core::slice::from_raw_parts_mut(self.start.add(self.length), self.capacity - self.length) }
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.capacity - self.length < bytes.len() {
            self.grow(bytes.len());
        }
        self.spare()[..bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    fn grow(&mut self, by: usize) {
        let mut larger = Buffer::new((self.capacity * 2).max(self.capacity + by));
        larger.spare()[..self.length].copy_from_slice(self.bytes());
        larger.length = self.length;
        core::mem::replace(self, larger).free();
    }
}

const HEAD: usize = 5;

/// A frame that is filled up before it is sent, in one piece.
fn frame(capacity: usize) -> Buffer {
    let mut buffer = Buffer::new(capacity.max(HEAD));
    buffer.length = HEAD;
    buffer
}

fn send_frame(socket: i32, kind: u8, mut frame: Buffer) {
    let length = (frame.length - HEAD) as u32;
    // SAFETY: the first `HEAD` bytes of the mapping are ours.
    let head = unsafe { core::slice::from_raw_parts_mut(frame.start, HEAD) };
    head[0] = kind;
    head[1..].copy_from_slice(&length.to_le_bytes());
    if !write_all(socket, frame.bytes()) {
        exit(125);
    }
    frame.length = 0;
    frame.free();
}

fn send(socket: i32, kind: u8, bytes: &[u8]) {
    let mut whole = frame(HEAD + bytes.len());
    whole.push(bytes);
    send_frame(socket, kind, whole);
}

/// Fills the buffer with exactly `n` bytes more.
fn receive(socket: i32, buffer: &mut Buffer, n: usize) {
    let wanted = buffer.length + n;
    while buffer.length < wanted {
        let left = wanted - buffer.length;
        let got = read(socket, &mut buffer.spare()[..left]);
        if got <= 0 {
            exit(125);
        }
        buffer.length += got as usize;
    }
}

fn send_errno(socket: i32, error: isize) {
    send(socket, ERRNO, &(-error as u32).to_le_bytes());
}

/// Sends everything that can be read from `fd`.
fn forward(socket: i32, fd: i32) {
    let mut buffer = frame(1 << 16);
    loop {
        if buffer.length == buffer.capacity {
            if buffer.capacity >= MOST {
                return send_errno(socket, EFBIG);
            }
            buffer.grow(1);
        }
        let n = read(fd, buffer.spare());
        if n < 0 {
            return send_errno(socket, n);
        }
        if n == 0 {
            break;
        }
        buffer.length += n as usize;
    }
    send_frame(socket, DATA, buffer);
}

fn make_parents(path: &mut [u8]) {
    let mut i = 1;
    while i < path.len() {
        if path[i] == b'/' {
            path[i] = 0;
            // SAFETY: NUL-terminated at `i`.
            let made = unsafe { call(nr::MKDIRAT, sys::AT_FDCWD, path.as_ptr() as usize, 0o777, 0, 0, 0) };
            path[i] = b'/';
            if made < 0 && made != EEXIST {
                return;
            }
        }
        i += 1;
    }
}

fn write_file(socket: i32, frame: &mut [u8]) {
    // A byte that says whether to make the directories above, the path, NUL, the contents.
    let Some(end) = frame.iter().position(|byte| *byte == 0).filter(|end| *end > 0) else { exit(125) };
    if frame[0] == b'p' {
        make_parents(&mut frame[1..end]);
    }
    // O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
    let fd = open(&frame[1..=end], 0o1 | 0o100 | 0o1000 | 0o2000000, 0o666);
    if fd < 0 {
        return send_errno(socket, fd);
    }
    let done = write_all(fd as i32, &frame[end + 1..]);
    close(fd as i32);
    if done { send(socket, DATA, &[]) } else { send_errno(socket, -5) }
}

/// Connects to `../socket` beside the directory of this executable, whatever the environment says.
fn connect() -> i32 {
    let mut path = [0u8; 4096];
    // SAFETY: path and buffer live through the call.
    let n = unsafe {
        call(nr::READLINKAT, sys::AT_FDCWD, c"/proc/self/exe".as_ptr() as usize, path.as_mut_ptr() as usize, path.len() - 16, 0, 0)
    };
    if n <= 0 {
        exit(125);
    }
    let mut end = n as usize;
    for _ in 0..2 {
        while end > 0 && path[end - 1] != b'/' {
            end -= 1;
        }
        end = end.saturating_sub(1);
    }
    path[end] = 0;
    match reach::connect(&path[..=end]) {
        socket if socket >= 0 => socket as i32,
        _ => exit(125),
    }
}

/// Sends arguments, working directory and environment: each NUL-terminated, an empty one between
/// the three lists (arguments may be empty, so they are counted first).
unsafe fn introduce(socket: i32, stack: *const usize) {
    let mut frame = frame(1 << 14);
    // SAFETY: the kernel puts argc, argv…, NULL, envp…, NULL at the start of the stack.
    unsafe {
        let argc = *stack;
        frame.push(&(argc as u32).to_le_bytes());
        for i in 0..argc {
            let text = *stack.add(1 + i) as *const u8;
            frame.push(core::slice::from_raw_parts(text, strlen(text) + 1));
        }
        let mut cwd = [0u8; 4096];
        let n = call(nr::GETCWD, cwd.as_mut_ptr() as usize, cwd.len(), 0, 0, 0, 0);
        frame.push(if n > 0 { &cwd[..n as usize] } else { b"/\0" });
        let mut entry = stack.add(argc + 2);
        while *entry != 0 {
            let text = *entry as *const u8;
            frame.push(core::slice::from_raw_parts(text, strlen(text) + 1));
            entry = entry.add(1);
        }
    }
    send_frame(socket, CALL, frame);
}

unsafe extern "C" fn main(stack: *const usize) -> ! {
    let socket = connect();
    // SAFETY: `stack` is the process's initial stack pointer.
    unsafe { introduce(socket, stack) };
    loop {
        let mut head = Buffer::new(8);
        receive(socket, &mut head, 5);
        let kind = head.bytes()[0];
        let mut length = [0u8; 4];
        length.copy_from_slice(&head.bytes()[1..5]);
        head.free();
        let length = u32::from_le_bytes(length) as usize;
        let mut frame = Buffer::new(length + 1);
        receive(socket, &mut frame, length);
        match kind {
            OUT => {
                write_all(1, frame.bytes());
            }
            ERR => {
                write_all(2, frame.bytes());
            }
            STDIN => forward(socket, 0),
            // SAFETY: `stack` is the process's initial stack pointer.
            RUN => send(socket, DATA, &unsafe { run::run(frame.bytes(), stack) }.to_le_bytes()),
            READ => {
                frame.push(&[0]);
                let fd = open(frame.bytes(), 0o2000000, 0);
                if fd < 0 {
                    send_errno(socket, fd);
                } else {
                    forward(socket, fd as i32);
                    close(fd as i32);
                }
            }
            WRITE => {
                // SAFETY: the buffer is ours alone; `frame` is not read meanwhile.
                let bytes = unsafe { core::slice::from_raw_parts_mut(frame.start, frame.length) };
                write_file(socket, bytes);
            }
            EXIT => {
                let mut code = [0u8; 4];
                code.copy_from_slice(&frame.bytes()[..4]);
                exit(i32::from_le_bytes(code));
            }
            _ => exit(125),
        }
        frame.free();
    }
}
