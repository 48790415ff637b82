/// A version as actions write it in their tags: `v4`, `v4.2`, `4.2.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub major: u64,
    /// Absent parts count as 0.
    pub minor: u64,
    pub patch: u64,
}

impl Version {
    /// Reads `text`, which may have a leading `v` and has one to three numbers; `None` for anything
    /// else.
    pub fn parse(text: &str) -> Option<Self> {
        let numbers: Vec<u64> = text
            .strip_prefix('v')
            .unwrap_or(text)
            .split('.')
            .map(|part| {
                let digits = part.bytes().all(|b| b.is_ascii_digit());
                digits.then(|| part.parse().ok()).flatten()
            })
            .collect::<Option<_>>()?;
        if numbers.len() > 3 {
            return None;
        }
        let part = |at: usize| numbers.get(at).copied().unwrap_or(0);
        Some(Self {
            major: part(0),
            minor: part(1),
            patch: part(2),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_numbers_and_refuses_what_is_no_version() {
        let read = |text| Version::parse(text).unwrap();
        assert!(read("v4.10.0") > read("v4.9.9"));
        assert_eq!(read("v7"), read("7.0.0"));
        for text in [
            "",
            "v",
            "main",
            "v1.2.3.4",
            "v1.+2",
            "1.2-rc1",
            "99999999999999999999999",
        ] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }
}
