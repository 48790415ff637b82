//! No name, however it is made, can hold what a shell, YAML or Markdown reads specially.

use lockkeeper_names::*;
use proptest::prelude::*;

macro_rules! every_name {
    ($check:ident, $text:expr) => {{
        $check::<AccountId>($text);
        $check::<BranchName>($text);
        $check::<ClusterName>($text);
        $check::<CommitSha>($text);
        $check::<ContainerName>($text);
        $check::<EnvironmentName>($text);
        $check::<HttpsUrl>($text);
        $check::<ImageDigest>($text);
        $check::<ImageTag>($text);
        $check::<Login>($text);
        $check::<Region>($text);
        $check::<RepositoryName>($text);
        $check::<RepositorySlug>($text);
        $check::<RoleName>($text);
        $check::<ServiceName>($text);
        $check::<SettingName>($text);
        $check::<TeamSlug>($text);
        $check::<UrlPath>($text);
        $check::<WorkflowFile>($text);
    }};
}

fn harmless<T: std::str::FromStr + std::fmt::Display>(text: &str) {
    if let Ok(name) = text.parse::<T>() {
        let shown = name.to_string();
        assert_eq!(shown, text, "parsing keeps every byte");
        assert!(!shown.is_empty());
        assert!(!shown.contains(|c: char| c.is_control() || c.is_whitespace() || !c.is_ascii()));
        assert!(!shown.contains([
            '"', '\'', '`', '$', '\\', ';', '|', '<', '>', '(', ')', '{', '}', '*', '!'
        ]));
    }
}

proptest! {
    #[test]
    fn any_text(text in ".{0,40}") {
        every_name!(harmless, &text);
    }

    #[test]
    fn nearly_names(text in "[a-z0-9/:.\\-]{1,12}[\"'`$;\\\\ \n\u{202e}]?[a-z0-9]{0,8}") {
        every_name!(harmless, &text);
    }
}

#[test]
fn what_the_platforms_accept() {
    for region in [
        "ap-northeast-1",
        "us-gov-west-1",
        "eu-central-1",
        "il-central-1",
    ] {
        assert!(region.parse::<Region>().is_ok(), "{region}");
    }
    for region in [
        "tokyo",
        "ap-northeast",
        "AP-northeast-1",
        "a-b-c-d-1",
        "us-east-1a",
    ] {
        assert!(region.parse::<Region>().is_err(), "{region}");
    }
    for branch in [
        "main",
        "release/1.2",
        "feature/ABC-1_x",
        "dependabot/npm/@types",
    ] {
        assert!(branch.parse::<BranchName>().is_ok(), "{branch}");
    }
    for branch in ["", "-x", "a..b", "a//b", "x.lock", "a/.b", "@", "a/"] {
        assert!(branch.parse::<BranchName>().is_err(), "{branch}");
    }
    assert_eq!(
        "https://api.example.com:8443/v1"
            .parse::<HttpsUrl>()
            .map(|u| u.host().to_owned()),
        Ok("api.example.com".into())
    );
    for url in [
        "http://a.b",
        "https://",
        "https://a b",
        "https://u@h",
        "https://h:0",
        "https://h/x?y",
    ] {
        assert!(url.parse::<HttpsUrl>().is_err(), "{url}");
    }
    assert!("github-actions[bot]".parse::<Login>().is_ok());
    assert!("myapp".parse::<RepositoryName>().is_ok());
    assert!("My-App".parse::<RepositoryName>().is_err());
}

#[test]
fn an_error_says_what_is_allowed() {
    let error = "my\napp\""
        .parse::<ServiceName>()
        .expect_err("a newline is refused");
    assert_eq!(
        error.to_string(),
        "`my\\napp\\\"` is not an ECS service name: up to 255 letters, digits, hyphens and underscores"
    );
}
