"""DeltaBlue: an incremental solver of one-way constraints; deep class hierarchies and lists.

Two networks are built and solved again and again: a long chain of equalities, and
many pairs of variables joined by a scale and an offset.

Usage: deltablue.py [N]
    N  length of the chain and number of pairs (default 25000)
"""

import sys

REQUIRED, STRONG_PREFERRED, PREFERRED, STRONG_DEFAULT, DEFAULT, WEAK_DEFAULT, WEAKEST = range(7)


class Variable:
    """A value with the constraints on it, and what the current plan knows about it."""

    def __init__(self, name, value=0):
        self.name = name
        self.value = value
        self.constraints = []
        self.determined_by = None
        self.mark = 0
        self.walk_strength = WEAKEST
        self.stays = True

    def add_constraint(self, constraint):
        self.constraints.append(constraint)

    def remove_constraint(self, constraint):
        self.constraints.remove(constraint)
        if self.determined_by is constraint:
            self.determined_by = None


class Constraint:
    """What must hold between variables; smaller strengths win over larger ones."""

    def __init__(self, strength):
        self.strength = strength

    def variables(self):
        raise NotImplementedError

    def is_satisfied(self):
        raise NotImplementedError

    def choose_method(self, mark):
        raise NotImplementedError

    def mark_unsatisfied(self):
        raise NotImplementedError

    def inputs(self):
        raise NotImplementedError

    def output(self):
        raise NotImplementedError

    def recalculate(self):
        raise NotImplementedError

    def execute(self):
        raise NotImplementedError

    def is_input(self):
        """Does the value come from outside the network?"""
        return False

    def add_to_graph(self):
        for variable in self.variables():
            variable.add_constraint(self)
        self.mark_unsatisfied()

    def remove_from_graph(self):
        for variable in self.variables():
            variable.remove_constraint(self)
        self.mark_unsatisfied()

    def add(self, planner):
        self.add_to_graph()
        planner.incremental_add(self)

    def destroy(self, planner):
        if self.is_satisfied():
            planner.incremental_remove(self)
        else:
            self.remove_from_graph()

    def satisfy(self, mark, planner):
        """Tries to enforce this constraint; returns the one that it displaced, if any."""
        self.choose_method(mark)
        if not self.is_satisfied():
            if self.strength == REQUIRED:
                raise RuntimeError("a required constraint could not be satisfied")
            return None
        for variable in self.inputs():
            variable.mark = mark
        out = self.output()
        displaced = out.determined_by
        if displaced is not None:
            displaced.mark_unsatisfied()
        out.determined_by = self
        if not planner.add_propagate(self, mark):
            raise RuntimeError("a cycle was found")
        out.mark = mark
        return displaced

    def inputs_known(self, mark):
        for variable in self.inputs():
            if not (variable.mark == mark or variable.stays or variable.determined_by is None):
                return False
        return True


class UnaryConstraint(Constraint):
    def __init__(self, variable, strength):
        super().__init__(strength)
        self.variable = variable
        self.satisfied = False

    def variables(self):
        return [self.variable]

    def is_satisfied(self):
        return self.satisfied

    def choose_method(self, mark):
        self.satisfied = self.variable.mark != mark and self.strength < self.variable.walk_strength

    def mark_unsatisfied(self):
        self.satisfied = False

    def inputs(self):
        return []

    def output(self):
        return self.variable

    def recalculate(self):
        self.variable.walk_strength = self.strength
        self.variable.stays = not self.is_input()
        if self.variable.stays:
            self.execute()

    def execute(self):
        pass


class StayConstraint(UnaryConstraint):
    """The variable should keep its value."""


class EditConstraint(UnaryConstraint):
    """The variable is about to be changed from outside."""

    def is_input(self):
        return True


UNDECIDED, FORWARD, BACKWARD = range(3)


class BinaryConstraint(Constraint):
    def __init__(self, first, second, strength):
        super().__init__(strength)
        self.first = first
        self.second = second
        self.direction = UNDECIDED

    def variables(self):
        return [self.first, self.second]

    def is_satisfied(self):
        return self.direction != UNDECIDED

    def choose_method(self, mark):
        first, second = self.first, self.second
        if first.mark == mark:
            able = second.mark != mark and self.strength < second.walk_strength
            self.direction = FORWARD if able else UNDECIDED
        elif second.mark == mark:
            self.direction = BACKWARD if self.strength < first.walk_strength else UNDECIDED
        elif first.walk_strength > second.walk_strength:
            self.direction = BACKWARD if self.strength < first.walk_strength else UNDECIDED
        else:
            self.direction = FORWARD if self.strength < second.walk_strength else UNDECIDED

    def mark_unsatisfied(self):
        self.direction = UNDECIDED

    def input(self):
        return self.first if self.direction == FORWARD else self.second

    def inputs(self):
        return [self.input()]

    def output(self):
        return self.second if self.direction == FORWARD else self.first

    def recalculate(self):
        source, target = self.input(), self.output()
        target.walk_strength = max(self.strength, source.walk_strength)
        target.stays = source.stays
        if target.stays:
            self.execute()


class EqualityConstraint(BinaryConstraint):
    def execute(self):
        self.output().value = self.input().value


class ScaleConstraint(BinaryConstraint):
    """second == first * scale + offset, where scale and offset are variables as well."""

    def __init__(self, first, scale, offset, second, strength):
        super().__init__(first, second, strength)
        self.scale = scale
        self.offset = offset

    def variables(self):
        return [self.first, self.second, self.scale, self.offset]

    def inputs(self):
        return [self.input(), self.scale, self.offset]

    def execute(self):
        if self.direction == FORWARD:
            self.second.value = self.first.value * self.scale.value + self.offset.value
        else:
            self.first.value = (self.second.value - self.offset.value) // self.scale.value

    def recalculate(self):
        source, target = self.input(), self.output()
        target.walk_strength = max(self.strength, source.walk_strength)
        target.stays = source.stays and self.scale.stays and self.offset.stays
        if target.stays:
            self.execute()


class Planner:
    def __init__(self):
        self.current_mark = 0

    def new_mark(self):
        self.current_mark += 1
        return self.current_mark

    def incremental_add(self, constraint):
        mark = self.new_mark()
        displaced = constraint.satisfy(mark, self)
        while displaced is not None:
            displaced = displaced.satisfy(mark, self)

    def incremental_remove(self, constraint):
        out = constraint.output()
        constraint.mark_unsatisfied()
        constraint.remove_from_graph()
        unsatisfied = self.remove_propagate_from(out)
        for strength in range(REQUIRED, WEAKEST):
            for candidate in unsatisfied:
                if candidate.strength == strength:
                    self.incremental_add(candidate)

    def add_propagate(self, constraint, mark):
        todo = [constraint]
        while todo:
            current = todo.pop()
            out = current.output()
            if out.mark == mark:
                self.incremental_remove(constraint)
                return False
            current.recalculate()
            self.add_consumers(out, todo)
        return True

    def remove_propagate_from(self, out):
        """Forgets what was derived from a variable; returns the constraints to satisfy again."""
        out.determined_by = None
        out.walk_strength = WEAKEST
        out.stays = True
        unsatisfied = []
        todo = [out]
        while todo:
            variable = todo.pop()
            for constraint in variable.constraints:
                if not constraint.is_satisfied():
                    unsatisfied.append(constraint)
            for constraint in variable.constraints:
                if constraint is not variable.determined_by and constraint.is_satisfied():
                    constraint.recalculate()
                    todo.append(constraint.output())
        return unsatisfied

    def add_consumers(self, variable, todo):
        determining = variable.determined_by
        for constraint in variable.constraints:
            if constraint is not determining and constraint.is_satisfied():
                todo.append(constraint)

    def make_plan(self, sources):
        """The constraints to run, in order, when the sources have changed."""
        mark = self.new_mark()
        plan = []
        todo = list(sources)
        while todo:
            constraint = todo.pop()
            out = constraint.output()
            if out.mark != mark and constraint.inputs_known(mark):
                plan.append(constraint)
                out.mark = mark
                self.add_consumers(out, todo)
        return plan

    def plan_from(self, constraints):
        return self.make_plan([c for c in constraints if c.is_input() and c.is_satisfied()])

    def change(self, variable, value):
        edit = EditConstraint(variable, PREFERRED)
        edit.add(self)
        plan = self.plan_from([edit])
        for _ in range(10):
            variable.value = value
            for constraint in plan:
                constraint.execute()
        edit.destroy(self)


def chain(length):
    """Equal variables in a row: a change of the first must reach the last."""
    planner = Planner()
    variables = [Variable(f"v{i}") for i in range(length + 1)]
    for before, after in zip(variables, variables[1:]):
        EqualityConstraint(before, after, REQUIRED).add(planner)
    first, last = variables[0], variables[-1]
    StayConstraint(last, STRONG_DEFAULT).add(planner)
    edit = EditConstraint(first, PREFERRED)
    edit.add(planner)
    plan = planner.plan_from([edit])
    total = 0
    for value in range(100):
        first.value = value
        for constraint in plan:
            constraint.execute()
        if last.value != value:
            raise RuntimeError(f"the chain's end is {last.value}, not {value}")
        total += last.value
    edit.destroy(planner)
    return len(plan), total


def projection(count):
    """Pairs of variables joined by one scale and one offset, changed from either side."""
    planner = Planner()
    scale = Variable("scale", 10)
    offset = Variable("offset", 1000)
    sources, targets = [], []
    for i in range(count):
        source = Variable(f"source{i}", i)
        target = Variable(f"target{i}", i)
        sources.append(source)
        targets.append(target)
        StayConstraint(source, DEFAULT).add(planner)
        ScaleConstraint(source, scale, offset, target, REQUIRED).add(planner)

    source, target = sources[-1], targets[-1]
    planner.change(source, 17)
    if target.value != 1170:
        raise RuntimeError(f"forward: {target.value}")
    planner.change(target, 1050)
    if source.value != 5:
        raise RuntimeError(f"backward: {source.value}")
    planner.change(scale, 5)
    for source, target in zip(sources[:-1], targets[:-1]):
        if target.value != source.value * 5 + 1000:
            raise RuntimeError(f"scale: {target.value}")
    planner.change(offset, 2000)
    for source, target in zip(sources[:-1], targets[:-1]):
        if target.value != source.value * 5 + 2000:
            raise RuntimeError(f"offset: {target.value}")
    return sum(target.value for target in targets)


def main():
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 25_000
    print("chain:", *chain(size))
    print("projection:", projection(size))


if __name__ == "__main__":
    main()
