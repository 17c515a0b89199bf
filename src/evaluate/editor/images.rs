//! Images of containers and of volumes, taken from elsewhere.

use crate::cel::Budget;
use crate::document::{Step, Value};
use crate::evaluate::editor::{Editor, MOST_CONTAINERS, SPENT, Source};
use crate::evaluate::{Field, Reason};
use crate::image::Image;
use crate::policy::fields;
use crate::policy::images::{self, Rewrite};
use crate::workload::Base;

impl<'a> Editor<'_, 'a> {
    /// Rewrites the image in the field; the images of all volumes if that holds the volumes.
    pub(super) fn rewrite(
        &mut self,
        source: Source<'_, 'a>,
        known: fields::Field,
        field: Field<'a>,
        rewrites: &'a [Rewrite],
    ) {
        let arena = self.case.arena;
        if field.base != Base::Pod {
            return self.rewrite_one(source, known, field, rewrites);
        }
        let volumes = self.workload.field(field.base, field.steps).unwrap_or_default().elements();
        let of_images =
            || volumes.iter().enumerate().filter(|(_, volume)| volume.fields(&["image", "reference"]).is_some());
        if of_images().nth(MOST_CONTAINERS).is_some() {
            let problem = format!("the Pod has more than {MOST_CONTAINERS} volumes of images");
            return self.withhold(source, Some(field), None, Reason::Invalid(problem));
        }
        for (index, _) in of_images() {
            if self.is_spent() {
                return self.withhold(source, Some(field), None, Reason::Error(SPENT.to_owned()));
            }
            self.case.budget.charge(Budget::WISH);
            let reference = field.element(arena, index).member(arena, "image").member(arena, "reference");
            let steps = [Step::key("spec"), Step::key("volumes"), Step::Index(index), Step::key("image")];
            if let Some(known) = fields::Field::at(false, &steps).and_then(|image| image.member("reference")) {
                self.rewrite_one(source, known, reference, rewrites);
            }
        }
    }

    fn rewrite_one(&mut self, source: Source<'_, 'a>, known: fields::Field, field: Field<'a>, rewrites: &'a [Rewrite]) {
        let Some(image) = self.workload.field(field.base, field.steps).and_then(Value::as_str) else { return };
        let Some(rewritten) = images::rewritten(rewrites, image).filter(|rewritten| rewritten != image) else {
            return;
        };
        let value = Value::String(self.case.arena.alloc_str(&rewritten));
        if let Err(error) = Image::parse(&rewritten) {
            return self.withhold(source, Some(field), Some(value), Reason::Invalid(error.to_string()));
        }
        // Another policy would change the result in the next call, and that would never end.
        let again = self.rewrites.iter().find(|(_, others)| images::is_covered(others, &rewritten));
        if let Some((owner, _)) = again {
            let problem = format!("{}/{} would rewrite the result again", owner.policy.id, owner.rule.name);
            return self.withhold(source, Some(field), Some(value), Reason::Invalid(problem));
        }
        self.decide(source, known, field, value, false);
    }
}
