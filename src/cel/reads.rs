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
    let of = |node: &Node| reads(node, slot, key);
    match &node.kind {
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
        Kind::Loop(each) => of(&each.range) || each.test.iter().chain(&each.result).any(of),
        Kind::OptionalMap(map) => of(&map.operand) || of(&map.body),
        _ => node.first_of(of).is_some(),
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
            ("[1].map(number, container.image) == ['a']", true, false),
            ("optional.of(1).optMap(number, container.image).orValue('') == 'a'", true, false),
            ("request.namespace.matches('image')", false, false),
            ("-1 < 0 ? [container.image].size() == 1 : !has(container.env)", true, true),
        ] {
            let program = Program::compile(&environment, expression, Type::Bool).unwrap();
            let read = ["image", "env"].map(|key| program.may_read(7, key));
            assert_eq!(read, [image, env], "{expression}");
        }
    }
}
