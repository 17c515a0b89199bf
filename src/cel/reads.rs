//! What an expression reads of a variable: an edit of something else cannot change its value.

use crate::cel::node::{Kind, Node, Start};
use crate::cel::program::Program;

impl Program {
    /// Whether the value may depend on the member `key` of the variable in a slot. A composed variable may read anything.
    pub fn may_read(&self, slot: u8, key: &str) -> bool {
        reads(self.node(), slot, key)
    }
}

fn reads(node: &Node, slot: u8, key: &str) -> bool {
    let any = |nodes: &[Node]| nodes.iter().any(|node| reads(node, slot, key));
    let of = |node: &Node| reads(node, slot, key);
    match &node.kind {
        Kind::Constant(_) | Kind::Local(_) => false,
        Kind::Slot(read) => *read == slot,
        Kind::Composed(_) => true,
        Kind::Path(path) => match path.start {
            Start::Slot(read) => read == slot && path.steps.first().is_none_or(|step| *step.field == *key),
            Start::Local(_) => false,
        },
        Kind::Select(select) | Kind::Has(select) => match select.operand.kind {
            Kind::Slot(read) => read == slot && *select.field == *key,
            _ => of(&select.operand),
        },
        Kind::Index(index) => of(&index.operand) || of(&index.index),
        Kind::Not(operand) | Kind::Negate(operand) => of(operand),
        Kind::And(terms) | Kind::Or(terms) => any(terms),
        Kind::Binary(_, sides) => any(&**sides),
        Kind::Conditional(parts) => any(&**parts),
        Kind::List(elements) => elements.iter().any(|element| of(&element.value)),
        Kind::Map(entries) => entries.iter().any(|entry| of(&entry.key) || of(&entry.value)),
        Kind::Matches(matches) => of(&matches.0),
        Kind::Call(call) => any(&call.arguments),
        Kind::Loop(each) => {
            let parts = [Some(&each.range), each.test.as_ref(), each.result.as_ref()];
            parts.into_iter().flatten().any(of)
        }
        Kind::Fallback(fallback) => of(&fallback.optional) || of(&fallback.fallback),
        Kind::OptionalMap(map) => of(&map.operand) || of(&map.body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cel::{Environment, Type};

    #[test]
    fn what_an_expression_reads_of_its_container_is_told_by_member() {
        let environment = Environment::new().variable("container", 7, Type::Dyn).variable("request", 2, Type::Dyn);
        for (expression, image, env) in [
            ("has(container.image) && container.image.contains('@')", true, false),
            ("container.env.all(variable, variable.name != container.name)", false, true),
            ("[1, 2].exists(number, number > 1 && 'a' in {'a': container.?env.orValue([])})", false, true),
            ("size(container) > 1", true, true),
            ("container['image'] == 'a'", true, true),
            ("request.namespace.matches('image')", false, false),
            ("-1 < 0 ? [container.image].size() == 1 : !has(container.env)", true, true),
        ] {
            let program = Program::compile(&environment, expression, Type::Bool).unwrap();
            let read = ["image", "env"].map(|key| program.may_read(7, key));
            assert_eq!(read, [image, env], "{expression}");
        }
    }
}
