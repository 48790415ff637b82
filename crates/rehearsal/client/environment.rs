//! A program's environment, as the C library keeps it.

unsafe extern "C" {
    static environ: *const *const u8;
}

/// The whole entry `NAME=value` of a variable, with its NUL; `name` includes the `=`.
///
/// # Safety
/// Nothing may change the environment meanwhile.
pub unsafe fn entry(name: &[u8]) -> Option<&'static [u8]> {
    // SAFETY: `environ` is the C library's list of NUL-terminated texts.
    unsafe {
        let mut entry = environ;
        if entry.is_null() {
            return None;
        }
        while !(*entry).is_null() {
            let text = *entry;
            let mut i = 0;
            while i < name.len() && *text.add(i) == name[i] {
                i += 1;
            }
            if i == name.len() {
                let mut end = i;
                while *text.add(end) != 0 {
                    end += 1;
                }
                return Some(core::slice::from_raw_parts(text, end + 1));
            }
            entry = entry.add(1);
        }
    }
    None
}
