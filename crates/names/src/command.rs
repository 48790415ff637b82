use crate::grammar::{all, name};

name! {
    /// A command without a shell: words, each with a space before the next.
    CommandLine, "a command", "up to 40 words of letters, digits and `@%+=:,./_-`, with single spaces between them",
    |text| text.len() <= 512
        && text.split(' ').count() <= 40
        && text.split(' ').all(|word| all(word, 255, |b| {
            b.is_ascii_alphanumeric() || b"@%+=:,./_-".contains(&b)
        }))
        && !text.starts_with('-')
}
