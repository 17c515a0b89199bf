//! Quantities by resource name, added up over the containers of a Pod.

use std::collections::HashMap;

use crate::api_defaults::keys::FEW;
use crate::document::{Member, Value};
use crate::quantity::Quantity;

/// Quantities by resource name, in the order in which the names came.
#[derive(Clone, Debug, Default)]
pub struct Amounts<'a> {
    list: Vec<(&'a str, Quantity)>,
    /// Where each name stands, once they are too many to look through.
    places: HashMap<&'a str, usize>,
}

impl<'a> Amounts<'a> {
    /// The members that are quantities.
    pub fn of<'m>(members: impl IntoIterator<Item = &'m Member<'a>>) -> Self
    where
        'a: 'm,
    {
        let mut amounts = Amounts::default();
        for member in members {
            if let Ok(amount) = Quantity::of(member.value) {
                amounts.set(member.key, amount);
            }
        }
        amounts
    }

    /// The quantities at `key`; none if nothing stands there.
    pub fn at(owner: Value<'a>, key: &str) -> Self {
        Amounts::of(owner.field(key).unwrap_or_default().members())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Quantity)> {
        self.list.iter().copied()
    }

    /// The amount of this resource.
    pub fn amount(&self, name: &str) -> Option<Quantity> {
        self.place(name).and_then(|place| self.list.get(place)).map(|(_, amount)| *amount)
    }

    /// Puts an amount in the place of the one that stands there, or behind all others.
    pub fn set(&mut self, name: &'a str, amount: Quantity) {
        if let Some((_, known)) = self.place(name).and_then(|place| self.list.get_mut(place)) {
            *known = amount;
            return;
        }
        self.list.push((name, amount));
        match self.list.len() {
            0..=FEW => {}
            len if self.places.is_empty() => {
                self.places.reserve(2 * len);
                self.places.extend(self.list.iter().enumerate().map(|(place, (name, _))| (*name, place)));
            }
            len => {
                self.places.insert(name, len - 1);
            }
        }
    }

    /// Adds to what is there.
    pub fn add(&mut self, name: &'a str, more: Quantity) {
        self.set(name, self.amount(name).map_or(more, |known| plus(known, more)));
    }

    /// Makes it at least this much.
    pub fn raise(&mut self, name: &'a str, least: Quantity) {
        self.set(name, self.amount(name).map_or(least, |known| known.max(least)));
    }

    fn place(&self, name: &str) -> Option<usize> {
        if self.list.len() > FEW {
            return self.places.get(name).copied();
        }
        self.list.iter().position(|(known, _)| *known == name)
    }
}

/// The sum; what does not fit is refused when the API server validates it.
pub(super) fn plus(amount: Quantity, more: Quantity) -> Quantity {
    amount.checked_add(more).unwrap_or(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_names_are_kept_as_a_few_are() {
        let names: Vec<_> = (0..3 * FEW).map(|n| format!("r{n}")).collect();
        let mut amounts = Amounts::default();
        for name in &names {
            amounts.add(name, Quantity::parse("2").unwrap());
        }
        for name in &names {
            amounts.add(name, Quantity::parse("1").unwrap());
            amounts.raise(name, Quantity::parse("2").unwrap());
        }
        assert_eq!(amounts.iter().map(|(name, _)| name).collect::<Vec<_>>(), names);
        assert!(amounts.iter().all(|(name, amount)| amount.to_string() == "3" && amounts.amount(name) == Some(amount)));
        amounts.set("r40", Quantity::ZERO);
        assert_eq!(amounts.amount("r40"), Some(Quantity::ZERO));
        assert_eq!(amounts.amount("r"), None);
    }
}
