//! Runs an installed program in the place of a modelled tool: as a child, with the call's own
//! arguments, environment, directory and descriptors.

use crate::sys::{self, EINTR, call, exit, nr};
use crate::{Buffer, strlen};

/// A list of texts as `execve` takes it.
struct Texts(Buffer);

impl Texts {
    fn new() -> Self {
        Self(Buffer::new(1 << 12))
    }

    fn push(&mut self, text: *const u8) {
        self.0.push(&(text as usize).to_ne_bytes());
    }

    /// The list with its end.
    fn finish(mut self) -> *const u8 {
        self.push(core::ptr::null());
        // The mapping stays: `self` has no destructor.
        self.0.bytes().as_ptr()
    }
}

/// The part of a variable up to its value, `=` included.
unsafe fn same_name(a: *const u8, b: *const u8) -> bool {
    let mut i = 0;
    loop {
        // SAFETY: both are NUL-terminated, and read up to the first difference.
        let (x, y) = unsafe { (*a.add(i), *b.add(i)) };
        if x != y || x == 0 {
            return false;
        }
        if x == b'=' {
            return true;
        }
        i += 1;
    }
}

/// Runs what `frame` says: the number of words to put in the place of the call's first one, those
/// words, then variables to set, each ending in NUL. Returns the exit code, or 128 and the number
/// of the signal that ended the program.
///
/// # Safety
/// `stack` must be the process's initial stack pointer.
pub unsafe fn run(frame: &[u8], stack: *const usize) -> i32 {
    let Some((count, texts)) = frame.split_first_chunk::<4>() else { exit(125) };
    if texts.last() != Some(&0) {
        exit(125);
    }
    let words = u32::from_le_bytes(*count) as usize;
    let (mut argv, mut env) = (Texts::new(), Texts::new());
    let mut first = core::ptr::null();
    let mut set = 0;
    let (mut at, mut number) = (0, 0);
    while at < texts.len() {
        let text = &texts[at] as *const u8;
        if number < words {
            if number == 0 {
                first = text;
            }
            argv.push(text);
        } else {
            if number == words {
                set = at;
            }
            env.push(text);
        }
        number += 1;
        // SAFETY: the last byte is NUL.
        at += unsafe { strlen(text) } + 1;
    }
    if first.is_null() {
        exit(125);
    }
    // SAFETY: the kernel puts argc, argv…, NULL, envp…, NULL at the start of the stack; all texts
    // live as long as this process.
    let child = unsafe {
        let argc = *stack;
        let mut i = 1;
        while i < argc {
            argv.push(*stack.add(1 + i) as *const u8);
            i += 1;
        }
        let mut entry = stack.add(argc + 2);
        while *entry != 0 {
            let text = *entry as *const u8;
            let mut replaced = false;
            let mut at = if number > words { set } else { texts.len() };
            while at < texts.len() {
                let other = &texts[at] as *const u8;
                replaced |= same_name(text, other);
                at += strlen(other) + 1;
            }
            if !replaced {
                env.push(text);
            }
            entry = entry.add(1);
        }
        let (argv, env) = (argv.finish(), env.finish());
        // SIGCHLD alone: a child with memory of its own, as of fork.
        let child = call(nr::CLONE, 17, 0, 0, 0, 0, 0);
        if child == 0 {
            // PR_SET_PDEATHSIG, SIGKILL: who ends the call ends the program.
            call(nr::PRCTL, 1, 9, 0, 0, 0, 0);
            call(nr::EXECVE, first as usize, argv as usize, env as usize, 0, 0, 0);
            sys::write_all(2, b"the installed program cannot be started here\n");
            exit(127);
        }
        child
    };
    if child < 0 {
        exit(125);
    }
    let mut status = 0i32;
    loop {
        // SAFETY: waits for the child just made; the status lives through the call.
        let waited = unsafe { call(nr::WAIT4, child as usize, &mut status as *mut i32 as usize, 0, 0, 0, 0) };
        if waited == EINTR {
            continue;
        }
        if waited < 0 {
            exit(125);
        }
        let signal = status & 0x7f;
        return if signal == 0 { (status >> 8) & 0xff } else { 128 + signal };
    }
}
