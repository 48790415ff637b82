//! A program's syntax, changed where the interpreter means something else by it than jq does.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::{Part, Path};

type T<'s> = Term<&'s str>;

/// Interpolations write numbers as jq does, and assignments make what is not there yet.
pub(super) fn term<'s>(input: T<'s>) -> T<'s> {
    let boxed = |input: Box<T<'s>>| Box::new(term(*input));
    match input {
        Term::Str(format, parts) => {
            let interpolates = parts.iter().any(|part| matches!(part, StrPart::Term(_)));
            let parts = parts.into_iter().map(|part| match part {
                StrPart::Term(inner) => StrPart::Term(term(inner)),
                other => other,
            });
            let format = format.or(interpolates.then_some("@text"));
            Term::Str(format, parts.collect())
        }
        Term::BinOp(left, operator, right) => {
            let (left, right) = (boxed(left), boxed(right));
            match operator {
                BinaryOp::Assign => Term::Call("assign_paths", vec![*left, *right]),
                BinaryOp::Update => Term::Call("update_paths", vec![*left, *right]),
                BinaryOp::UpdateMath(sign) => update_with(*left, BinaryOp::Math(sign), right),
                BinaryOp::UpdateAlt => update_with(*left, BinaryOp::Alt, right),
                BinaryOp::Pipe(Some(bound)) => {
                    Term::BinOp(left, BinaryOp::Pipe(Some(pattern(bound))), right)
                }
                other => Term::BinOp(left, other, right),
            }
        }
        Term::Arr(inner) => Term::Arr(inner.map(boxed)),
        Term::Obj(pairs) => {
            let pairs = pairs.into_iter();
            Term::Obj(
                pairs
                    .map(|(key, value)| (term(key), value.map(term)))
                    .collect(),
            )
        }
        Term::Neg(inner) => Term::Neg(boxed(inner)),
        Term::Label(name, inner) => Term::Label(name, boxed(inner)),
        Term::Fold(name, source, bound, rest) => {
            let rest = rest.into_iter().map(term).collect();
            Term::Fold(name, boxed(source), pattern(bound), rest)
        }
        Term::TryCatch(body, catch) => Term::TryCatch(boxed(body), catch.map(boxed)),
        Term::IfThenElse(branches, otherwise) => {
            let branches = branches.into_iter();
            let branches = branches.map(|(condition, then)| (term(condition), term(then)));
            Term::IfThenElse(branches.collect(), otherwise.map(boxed))
        }
        Term::Def(definitions, rest) => {
            let definitions = definitions.into_iter().map(|definition| Def {
                name: definition.name,
                args: definition.args,
                body: term(definition.body),
            });
            Term::Def(definitions.collect(), boxed(rest))
        }
        Term::Call(name, args) => Term::Call(name, args.into_iter().map(term).collect()),
        Term::Path(base, Path(parts)) => {
            let parts = parts.into_iter().map(|(part, optional)| {
                let part = match part {
                    Part::Index(index) => Part::Index(term(index)),
                    Part::Range(from, to) => Part::Range(from.map(term), to.map(term)),
                };
                (part, optional)
            });
            Term::Path(boxed(base), Path(parts.collect()))
        }
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) => input,
    }
}

/// `left op= right`: `right as $x | left |= (. op $x)`.
fn update_with<'s>(left: T<'s>, operator: BinaryOp<&'s str>, right: Box<T<'s>>) -> T<'s> {
    const OPERAND: &str = "$operand";
    let change = Term::BinOp(Box::new(Term::Id), operator, Box::new(Term::Var(OPERAND)));
    Term::BinOp(
        right,
        BinaryOp::Pipe(Some(Pattern::Var(OPERAND))),
        Box::new(Term::Call("update_paths", vec![left, change])),
    )
}

fn pattern(input: Pattern<&str>) -> Pattern<&str> {
    match input {
        Pattern::Var(name) => Pattern::Var(name),
        Pattern::Arr(items) => Pattern::Arr(items.into_iter().map(pattern).collect()),
        Pattern::Obj(pairs) => {
            let pairs = pairs.into_iter();
            Pattern::Obj(
                pairs
                    .map(|(key, value)| (term(key), pattern(value)))
                    .collect(),
            )
        }
    }
}
