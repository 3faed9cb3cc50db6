import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TipOrder } from './tip-order.ts';

test('the first answer is news, the same again is not', () => {
  const tips = new TipOrder();
  assert.equal(tips.tip, undefined);
  assert.equal(tips.learn('a', tips.ask()), 'new');
  assert.equal(tips.learn('a', tips.ask()), 'same');
  assert.equal(tips.tip, 'a');
});

test('an answer asked for before we learnt the tip may be older', () => {
  const tips = new TipOrder();
  const early = tips.ask();
  tips.learn('b', tips.ask());
  assert.equal(tips.learn('a', early), 'unsure');
  assert.equal(tips.tip, 'b');
  assert.equal(tips.learn('c', tips.ask()), 'new');
});

test('of two answers that were under way together, the second to come may be the older', () => {
  const tips = new TipOrder();
  const [first, second] = [tips.ask(), tips.ask()];
  assert.equal(tips.learn('b', first), 'new');
  assert.equal(tips.learn('a', second), 'unsure');
  assert.equal(tips.tip, 'b');
});

test('going back to an earlier tip is news too', () => {
  const tips = new TipOrder();
  for (const hash of ['a', 'b', 'a']) assert.equal(tips.learn(hash, tips.ask()), 'new');
  assert.equal(tips.tip, 'a');
});

/**
 * A node moves through tips 0, 1, 2 … and answers questions at some moment between question and answer; answers cross
 * each other in any order. What we take as the tip must never go back.
 */
test('however answers cross, the known tip never goes back', () => {
  const step = fc.oneof(
    fc.constant({ do: 'block' } as const),
    fc.constant({ do: 'ask' } as const),
    fc.record({ do: fc.constant('see' as const), which: fc.nat() }),
    fc.record({ do: fc.constant('answer' as const), which: fc.nat() }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const tips = new TipOrder();
      const questions: { askedAt: number; seen?: number }[] = [];
      let nodeTip = 0;
      let known = -1;
      for (const step of steps) {
        if (step.do === 'block') nodeTip += 1;
        if (step.do === 'ask') questions.push({ askedAt: tips.ask() });
        if (step.do === 'see' && questions.length > 0) {
          const question = questions[step.which % questions.length];
          if (question !== undefined) question.seen ??= nodeTip;
        }
        if (step.do === 'answer' && questions.length > 0) {
          const [question] = questions.splice(step.which % questions.length, 1);
          tips.learn(String(question?.seen ?? nodeTip), question?.askedAt ?? 0);
          assert.ok(Number(tips.tip) >= known, `went back from ${known} to ${tips.tip}`);
          known = Number(tips.tip);
        }
      }
      // Once nothing is under way, one more question is enough.
      tips.learn(String(nodeTip), tips.ask());
      assert.equal(tips.tip, String(nodeTip));
    }),
  );
});
