//! The table of all types, read once from the text that is part of the program.
//!
//! A line at the margin begins a definition; the lines below it are its fields, with their type and the words that say
//! more: `required`, how to merge (`atomic`, `set`, `keys=a,b`), the part in a union (`union`, `union=Name`), the words
//! that a text may be (`enum=a,b`). Both definitions and the fields of each are sorted.

use std::sync::OnceLock;

use super::{Basic, Enum, Field, Inner, Keys, Merge, Outer, Type, Union};

static TEXT: &str = include_str!("v1.37.txt");

/// All definitions with their fields.
#[derive(Default)]
pub(super) struct Table {
    definitions: Vec<Definition>,
    /// Those of the first definition, then those of the second and so on.
    fields: Vec<Field>,
}

struct Definition {
    name: &'static str,
    atomic: bool,
    /// Where its fields begin and how many they are.
    first: usize,
    count: usize,
}

/// The table of the text in this program.
pub(super) fn embedded() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    // A test reads the same text, so that there is always a table.
    TABLE.get_or_init(|| parse(TEXT).unwrap_or_default())
}

impl Table {
    pub(super) fn find(&self, name: &str) -> Option<Type> {
        let found = self.definitions.binary_search_by(|definition| definition.name.cmp(name)).ok()?;
        Some(Type { outer: Outer::One, inner: Inner::Object(u16::try_from(found).ok()?) })
    }

    pub(super) fn fields(&self, definition: u16) -> &[Field] {
        let fields = self.definitions.get(usize::from(definition));
        fields.and_then(|found| self.fields.get(found.first..found.first + found.count)).unwrap_or_default()
    }

    pub(super) fn name(&self, definition: u16) -> Option<&'static str> {
        self.definitions.get(usize::from(definition)).map(|definition| definition.name)
    }

    pub(super) fn is_atomic(&self, definition: u16) -> bool {
        self.definitions.get(usize::from(definition)).is_some_and(|definition| definition.atomic)
    }
}

/// Reads a table; [`None`] if there is a line that means nothing.
fn parse(text: &'static str) -> Option<Table> {
    let lines = || text.lines().filter(|line| !line.starts_with('#'));
    let mut table = Table::default();
    // The names first, because fields refer to definitions further down.
    for line in lines().filter(|line| !line.starts_with(' ')) {
        let (name, words) = line.split_once(' ').unwrap_or((line, ""));
        let atomic = match words {
            "" => false,
            "atomic" => true,
            _ => return None,
        };
        table.definitions.push(Definition { name, atomic, first: 0, count: 0 });
    }
    let mut definition = 0_usize;
    for line in lines() {
        if let Some(field) = line.strip_prefix("  ") {
            let field = parse_field(&table, field)?;
            table.fields.push(field);
            table.definitions.get_mut(definition.checked_sub(1)?)?.count += 1;
        } else {
            table.definitions.get_mut(definition)?.first = table.fields.len();
            definition += 1;
        }
    }
    Some(table)
}

fn parse_field(table: &Table, line: &'static str) -> Option<Field> {
    let (name, rest) = line.split_once(": ")?;
    let mut words = rest.split(' ');
    let mut field = Field { name, holds: parse_type(table, words.next()?)?, required: false, union: None, words: None };
    for word in words {
        match (word.split_once('='), &mut field.holds.outer) {
            (None, _) if word == "required" => field.required = true,
            (None, _) if word == "union" => field.union = Some(Union::Discriminator),
            (None, Outer::Map { atomic }) if word == "atomic" => *atomic = true,
            (None, Outer::List(merge)) if word == "atomic" => *merge = Merge::Atomic,
            (None, Outer::List(merge)) if word == "set" => *merge = Merge::Set,
            (Some(("keys", keys)), Outer::List(merge)) => *merge = Merge::Keyed(Keys(keys)),
            (Some(("union", member)), _) => field.union = Some(Union::Member(member)),
            (Some(("enum", words)), _) if field.holds.inner == Inner::Basic(Basic::String) => {
                field.words = Some(Enum(words));
            }
            _ => return None,
        }
    }
    Some(field)
}

fn parse_type(table: &Table, word: &str) -> Option<Type> {
    let (outer, inner) = match word.strip_suffix('>').and_then(|word| word.split_once('<')) {
        Some(("list", inner)) => (Outer::List(Merge::Atomic), inner),
        Some(("map", inner)) => (Outer::Map { atomic: false }, inner),
        Some(_) => return None,
        None => (Outer::One, word),
    };
    let inner = match inner {
        "boolean" => Inner::Basic(Basic::Boolean),
        "string" => Inner::Basic(Basic::String),
        "int32" => Inner::Basic(Basic::Int32),
        "int64" => Inner::Basic(Basic::Int64),
        "Quantity" => Inner::Basic(Basic::Quantity),
        "IntOrString" => Inner::Basic(Basic::IntOrString),
        "Time" => Inner::Basic(Basic::Time),
        "any" => Inner::Basic(Basic::Any),
        definition => table.find(definition)?.inner,
    };
    Some(Type { outer, inner })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Kind;

    #[test]
    fn the_text_is_read_to_its_last_line() {
        let table = parse(TEXT).unwrap();
        let comments = TEXT.lines().filter(|line| line.starts_with('#')).count();
        assert_eq!(table.definitions.len() + table.fields.len() + comments, TEXT.lines().count());
        let counted: usize = table.definitions.iter().map(|definition| definition.count).sum();
        assert_eq!(counted, table.fields.len());
    }

    #[test]
    fn everything_is_sorted_and_reachable_by_name() {
        let table = embedded();
        assert!(table.definitions.is_sorted_by(|one, next| one.name < next.name));
        for definition in &table.definitions {
            let holds = table.find(definition.name).unwrap();
            assert!(holds.fields().is_sorted_by(|one, next| one.name < next.name), "{}", definition.name);
            for field in holds.fields() {
                assert_eq!(holds.field(field.name), Some(*field), "{}", definition.name);
            }
        }
    }

    #[test]
    fn every_workload_kind_is_in_it() {
        for kind in Kind::ALL {
            assert!(embedded().find(kind.name()).is_some(), "{kind}");
        }
    }

    #[test]
    fn a_line_that_means_nothing_is_refused() {
        for text in [
            "  lost: string\n",
            "A odd\n",
            "A\n  b\n",
            "A\n  b: strange\n",
            "A\n  b: set<string>\n",
            "A\n  b: list<string> odd\n",
            "A\n  b: string atomic\n",
            "A\n  b: map<string> keys=c\n",
            "A\n  b: int32 enum=c\n",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
        assert!(parse("A\n  b: list<A> required keys=b,c union=B\n  c: list<string> atomic enum=d,e\n").is_some());
    }
}
