use crate::grammar::{all, name, word};

name! {
    /// An ECS service: 1 to 255 letters, digits, hyphens and underscores.
    ServiceName, "an ECS service name", "up to 255 letters, digits, hyphens and underscores",
    |text| all(text, 255, word)
}

name! {
    /// An ECS cluster: 1 to 255 letters, digits, hyphens and underscores.
    ClusterName, "an ECS cluster name", "up to 255 letters, digits, hyphens and underscores",
    |text| all(text, 255, word)
}

name! {
    /// A container inside a task definition: 1 to 255 letters, digits, hyphens and underscores.
    ContainerName, "a container name", "up to 255 letters, digits, hyphens and underscores",
    |text| all(text, 255, word)
}

name! {
    /// An ECR repository: 2 to 256 characters, lower-case words joined by `.`, `_`, `-`, in
    /// namespaces joined by `/`.
    RepositoryName, "an ECR repository name",
    "2 to 256 lower-case letters and digits, joined by single `.`, `_`, `-` or `/`",
    |text| text.len() >= 2
        && all(text, 256, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-/".contains(&b))
        && text.split(|c: char| "._-/".contains(c)).all(|part| !part.is_empty())
}

name! {
    /// An AWS region code such as `ap-northeast-1` or `us-gov-west-1`.
    Region, "an AWS region", "a region code such as eu-central-1",
    |text| {
        let parts: Vec<&str> = text.split('-').collect();
        let (Some((number, words)), 3..=4) = (parts.split_last(), parts.len()) else { return false };
        matches!(number.len(), 1..=2)
            && number.bytes().all(|b| b.is_ascii_digit())
            && words.iter().all(|w| all(w, 12, |b| b.is_ascii_lowercase()))
            && words[0].len() <= 5
    }
}

name! {
    /// An AWS account: 12 digits.
    AccountId, "an AWS account id", "12 digits",
    |text| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

name! {
    /// An IAM role's name: up to 64 letters, digits and `+=,.@_-`.
    RoleName, "an IAM role name", "up to 64 letters, digits and `+=,.@_-`",
    |text| all(text, 64, |b| b.is_ascii_alphanumeric() || b"+=,.@_-".contains(&b))
}
