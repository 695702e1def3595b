/**
 * Which requests may wait for the same answer: those for the same variant of the same key that put their
 * question alike.
 */
import { selectingValue } from '../http/vary.ts';
import type { Engine } from './engine.ts';
import type { Flight } from './flights.ts';
import type { Question } from './question.ts';

/**
 * Requests with credentials or cookies keep to themselves. Their answers may well be personal, and then those
 * who wait have waited for nothing: nobody without credentials shall have to.
 */
export function kinKey({ resource, personal }: Pick<Question, 'resource' | 'personal'>): string {
  return personal ? `${resource.key}\npersonal` : resource.key;
}

/** The key of a flight, as far as what is known of the key's variants tells requests apart. */
export function flightKey(question: Question, engine: Engine): string {
  const { resource, exchange } = question;
  const vary = engine.vary.get(resource.key);
  let key = variantlessKey(question);
  for (const name of vary ?? []) key += `\n${selectingValue(name, exchange.headers)}`;
  return key;
}

/**
 * Whoever wants a confirmed answer does not wait for one that may come from a store, and whoever wants a body not for
 * an answer without one.
 */
function variantlessKey(question: Question): string {
  let key = kinKey(question);
  if (question.reload) key += '\nreload';
  // An answer that one tier may have can be too old for another one that knows of more.
  if (question.confirm !== null) key += `\nconfirm ${question.confirm}`;
  return question.bodiless ? `${key}\nhead` : key;
}

/** Of one who takes any answer that there is. */
export function anyAnswerKey(question: Question, engine: Engine): string {
  return flightKey({ ...question, reload: false, confirm: null }, engine);
}

/** A flight that a request may wait for. */
export function flightFor(question: Question, engine: Engine): Flight | undefined {
  const key = flightKey(question, engine);
  const own = openTo(question, engine.flights.get(key));
  if (own) return own;
  // It may have begun when nobody knew yet that there are variants.
  const variantless = variantlessKey(question);
  const earlier = variantless === key ? undefined : openTo(question, engine.flights.get(variantless));
  // What is confirmed for somebody is for those as well who would take less.
  const { reload, confirm } = question;
  if (earlier && flightKey({ ...earlier.question, reload, confirm }, engine) === key) return earlier;
  // Every answer has a head.
  if (question.bodiless) {
    const whole = flightFor({ ...question, bodiless: false }, engine);
    if (whole) return whole;
  }
  // What is on its way for everybody is also for those with credentials.
  return question.personal ? flightFor({ ...question, personal: false }, engine) : undefined;
}

/** What came before a request is not what it calls confirmed just now. */
function openTo({ reload, confirm }: Question, flight: Flight | undefined): Flight | undefined {
  return (reload || confirm !== null) && flight?.storing ? undefined : flight;
}
