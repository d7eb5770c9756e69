//! Expressions as TLA+ writes them, as far as guards and what is seen of a state need it.
use tla_checker::{
    ast::{Expr, Value},
    checker::format_value,
};

/// On one line. What stands too deep is `…`.
pub(crate) fn words(expr: &Expr) -> String {
    let two = |left: &Expr, sign: &str, right: &Expr| format!("{} {sign} {}", inner(left), inner(right));
    let list = |items: &[Expr]| items.iter().map(words).collect::<Vec<_>>().join(", ");
    let bound = |sign: &str, name: &str, set: &Expr, body: &Expr| {
        format!("{sign} {name} \\in {} : {}", words(set), words(body))
    };
    match expr {
        Expr::Lit(Value::Str(text)) => format!("\"{text}\""),
        Expr::Lit(value) => format_value(value),
        Expr::Var(name) => name.to_string(),
        Expr::Prime(name) => format!("{name}'"),
        Expr::OldValue => "@".into(),
        Expr::And(left, right) => two(left, "/\\", right),
        Expr::Or(left, right) => two(left, "\\/", right),
        Expr::Implies(left, right) => two(left, "=>", right),
        Expr::Equiv(left, right) => two(left, "<=>", right),
        Expr::Not(expr) => format!("~{}", inner(expr)),
        Expr::Eq(left, right) => two(left, "=", right),
        Expr::Neq(left, right) => two(left, "#", right),
        Expr::Lt(left, right) => two(left, "<", right),
        Expr::Le(left, right) => two(left, "<=", right),
        Expr::Gt(left, right) => two(left, ">", right),
        Expr::Ge(left, right) => two(left, ">=", right),
        Expr::In(left, right) => two(left, "\\in", right),
        Expr::NotIn(left, right) => two(left, "\\notin", right),
        Expr::Subset(left, right) => two(left, "\\subseteq", right),
        Expr::Union(left, right) => two(left, "\\cup", right),
        Expr::Intersect(left, right) => two(left, "\\cap", right),
        Expr::SetMinus(left, right) => two(left, "\\", right),
        Expr::Add(left, right) => two(left, "+", right),
        Expr::Sub(left, right) => two(left, "-", right),
        Expr::Mul(left, right) => two(left, "*", right),
        Expr::Concat(left, right) => two(left, "\\o", right),
        Expr::SetRange(left, right) => format!("{}..{}", inner(left), inner(right)),
        Expr::SetEnum(items) => format!("{{{}}}", list(items)),
        Expr::SetFilter(name, set, body) => format!("{{{name} \\in {} : {}}}", words(set), words(body)),
        Expr::SetMap(name, set, body) => format!("{{{} : {name} \\in {}}}", words(body), words(set)),
        Expr::TupleLit(items) => format!("<<{}>>", list(items)),
        Expr::RecordLit(fields) => {
            let field = |(name, value): &(_, _)| format!("{name} |-> {}", words(value));
            format!("[{}]", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        Expr::RecordAccess(record, name) => format!("{}.{name}", inner(record)),
        Expr::TupleAccess(tuple, place) => format!("{}[{place}]", inner(tuple)),
        Expr::FnApp(function, argument) => format!("{}[{}]", inner(function), words(argument)),
        Expr::FnCall(name, arguments) => format!("{name}({})", list(arguments)),
        Expr::Cardinality(set) => format!("Cardinality({})", words(set)),
        Expr::Len(sequence) => format!("Len({})", words(sequence)),
        Expr::Domain(function) => format!("DOMAIN {}", inner(function)),
        Expr::Exists(name, set, body) => bound("\\E", name, set, body),
        Expr::Forall(name, set, body) => bound("\\A", name, set, body),
        Expr::If(condition, then, otherwise) => {
            format!("IF {} THEN {} ELSE {}", words(condition), words(then), words(otherwise))
        }
        Expr::Unchanged(variables) => format!("UNCHANGED <<{}>>", variables.join(", ")),
        // A definition that was put in the place of its call.
        Expr::LabeledAction(_, body) | Expr::Let(_, _, body) => words(body),
        _ => "…".into(),
    }
}

/// With parentheses where it is made of parts.
fn inner(expr: &Expr) -> String {
    match expr {
        Expr::And(..)
        | Expr::Or(..)
        | Expr::Implies(..)
        | Expr::Equiv(..)
        | Expr::Eq(..)
        | Expr::Neq(..)
        | Expr::In(..)
        | Expr::NotIn(..)
        | Expr::Union(..)
        | Expr::Intersect(..)
        | Expr::SetMinus(..)
        | Expr::Add(..)
        | Expr::Sub(..)
        | Expr::Exists(..)
        | Expr::Forall(..)
        | Expr::If(..) => format!("({})", words(expr)),
        _ => words(expr),
    }
}
