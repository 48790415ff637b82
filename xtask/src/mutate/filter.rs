//! The jq programs in a script, as tokens with their bytes.

use jaq_core::load::lex::{Lexer, StrPart, Tok, Token};
use tree_sitter::Node;

use super::edit::Edits;
use super::script::Script;

/// A token of a jq program.
pub(crate) struct Lexeme<'t> {
    pub(crate) text: &'t str,
    /// What stands in its brackets, where it is a pair of them.
    pub(crate) inner: Vec<Lexeme<'t>>,
    pub(crate) is_text: bool,
}

/// One program, or the part of one that stands between single quotes.
pub(crate) struct Filter<'s, 't> {
    script: &'s Script<'t>,
    at: Node<'s>,
    pub(crate) tokens: Vec<Lexeme<'t>>,
}

impl<'s, 't> Filter<'s, 't> {
    pub(crate) fn all(script: &'s Script<'t>) -> Vec<Self> {
        let nodes = script.nodes().into_iter();
        nodes
            .filter_map(|node| {
                let program = match node.kind() {
                    "raw_string" if runs_jq(script, node) => {
                        script.text_of(node).trim_matches('\'')
                    }
                    "heredoc_body" => script.text_of(node),
                    _ => return None,
                };
                let tokens = Lexer::new(program).lex().ok()?;
                Some(Filter {
                    script,
                    at: node,
                    tokens: tokens.into_iter().map(lexeme).collect(),
                })
            })
            .collect()
    }

    /// Visits each list of tokens: the program's, and those of all brackets in it.
    pub(crate) fn lists(&self, visit: &mut dyn FnMut(&[Lexeme<'t>])) {
        lists(&self.tokens, visit);
    }

    /// Replaces a token, which is a piece of the script's text.
    pub(crate) fn replace(&self, edits: &mut Edits<'_>, piece: &str, with: &str) {
        let origin = self.script.text.as_ptr().addr();
        let start = piece.as_ptr().addr() - origin;
        let context = self.script.context_at(start, Some(self.at));
        edits.replace(context, start..start + piece.len(), with);
    }
}

fn runs_jq(script: &Script<'_>, node: Node<'_>) -> bool {
    let mut around = node.parent();
    while let Some(inner) = around {
        if inner.kind() == "command" {
            return script.command_name(inner) == Some("jq") && !script.is_for_people(inner);
        }
        around = inner.parent();
    }
    false
}

fn lexeme<'t>(token: Token<&'t str>) -> Lexeme<'t> {
    let Token(text, tok) = token;
    let is_text = matches!(tok, Tok::Str(_));
    let inner = match tok {
        Tok::Block(tokens) => tokens.into_iter().map(lexeme).collect(),
        Tok::Str(parts) => {
            let terms = parts.into_iter().filter_map(|part| match part {
                StrPart::Term(token) => Some(lexeme(token)),
                _ => None,
            });
            terms.collect()
        }
        _ => Vec::new(),
    };
    Lexeme {
        text,
        inner,
        is_text,
    }
}

fn lists<'t>(tokens: &[Lexeme<'t>], visit: &mut dyn FnMut(&[Lexeme<'t>])) {
    visit(tokens);
    for token in tokens {
        if !token.inner.is_empty() {
            lists(&token.inner, visit);
        }
    }
}
