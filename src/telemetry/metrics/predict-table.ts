/** What PoPs count of their predictions, a part of the table of metrics. */
import type { MetricRow } from './row.ts';

export const predictMetrics = {
  'meridian.predict.foreseen': {
    kind: 'counter',
    unit: '{object}',
    labels: ['source'],
    meaning:
      'Objects that a PoP foresaw its clients would ask for, and did not have, by what led to them: what the protocol has `known`, what was `learned`, what is `scheduled` by the time of day, what a body has `told`, what an answer has `linked`, what is in use and `renewed`.',
  },
  'meridian.predict.fetched': {
    kind: 'counter',
    unit: '{object}',
    labels: ['source'],
    meaning: 'Of these: fetched, or tried in vain to.',
  },
  'meridian.predict.fetched.size': {
    kind: 'counter',
    unit: 'By',
    labels: ['source'],
    meaning: 'What came of them.',
  },
  'meridian.predict.used': {
    kind: 'counter',
    unit: '{object}',
    labels: ['source'],
    meaning: 'Of these: a client asked for it in time. Each counts once.',
  },
  'meridian.predict.used.size': {
    kind: 'counter',
    unit: 'By',
    labels: ['source'],
    meaning: 'What these are long.',
  },
  'meridian.predict.vain': {
    kind: 'counter',
    unit: '{object}',
    labels: ['source'],
    meaning:
      'Of what was fetched: nobody asked for it within `predict.usableS`, or before it had gone; or it was not for keeping.',
  },
  'meridian.predict.vain.size': {
    kind: 'counter',
    unit: 'By',
    labels: ['source'],
    meaning: 'What these are long.',
  },
  'meridian.predict.failed': {
    kind: 'counter',
    unit: '{object}',
    labels: ['source'],
    meaning: 'Of what was foreseen: it could not be had.',
  },
  'meridian.predict.doubted': {
    kind: 'counter',
    unit: '{object}',
    labels: ['source'],
    meaning: 'What was not followed, because it was too unlikely for how good predictions have been lately.',
  },
  'meridian.predict.left': {
    kind: 'counter',
    unit: '{object}',
    labels: ['source'],
    meaning: 'What was foreseen and not fetched: there was no room, or it had waited for too long.',
  },
  'meridian.predict.saved': {
    kind: 'counter',
    unit: 's',
    labels: ['source'],
    meaning: 'What clients would have waited longer for what was used, all together.',
  },
  'meridian.predict.unforeseen': {
    kind: 'counter',
    unit: '{request}',
    labels: [],
    meaning: 'Requests of clients that nobody had foreseen, and that memory did not answer.',
  },
  'meridian.predict.questions': {
    kind: 'counter',
    unit: '{question}',
    labels: [],
    meaning: 'What the origin was asked of what comes next.',
  },
  'meridian.predict.unanswered': {
    kind: 'counter',
    unit: '{question}',
    labels: [],
    meaning: 'Of these: those that it did not answer.',
  },
  'meridian.predict.precision': {
    kind: 'gauge',
    unit: '1',
    labels: ['source', 'route'],
    meaning:
      'Of what was fetched lately, the share that a client came for; none where too little was judged. The lowest of all workers.',
    together: 'lowest',
  },
  'meridian.predict.recall': {
    kind: 'gauge',
    unit: '1',
    labels: [],
    meaning:
      'Of what clients asked for and would have waited for, the share that was foreseen, since the node was started. The lowest of all workers.',
    together: 'lowest',
  },
  'meridian.predict.threshold': {
    kind: 'gauge',
    unit: '1',
    labels: ['source', 'route'],
    meaning:
      'How likely something has to be at least to be fetched. Above 1: nothing is, but for one session in sixteen. The highest of all workers.',
    together: 'highest',
  },
  'meridian.predict.waiting': {
    kind: 'gauge',
    unit: '{object}',
    labels: [],
    meaning: 'What is foreseen and waits to be fetched.',
  },
  'meridian.predict.under_way': {
    kind: 'gauge',
    unit: '{object}',
    labels: [],
    meaning: 'What is being fetched because it was foreseen.',
  },
  'meridian.predict.window': {
    kind: 'gauge',
    unit: 'By',
    labels: [],
    meaning: 'What may be on its way at once now, by how full the way to the parents is.',
  },
  'meridian.predict.unused': {
    kind: 'gauge',
    unit: 'By',
    labels: [],
    meaning: 'What was fetched, or is on its way, and nobody has come for yet.',
  },
  'meridian.predict.room': {
    kind: 'gauge',
    unit: 'By',
    labels: [],
    meaning: 'What that may take.',
  },
  'meridian.predict.sessions': {
    kind: 'gauge',
    unit: '{session}',
    labels: [],
    meaning: 'Clients who have asked for something in the last minute, each one session.',
  },
  'meridian.predict.learned.names': {
    kind: 'gauge',
    unit: '{name}',
    labels: [],
    meaning: 'Addresses that something was learned of.',
  },
  'meridian.predict.learned.size': {
    kind: 'gauge',
    unit: 'By',
    labels: [],
    meaning: 'What has been learned takes in memory, by estimate.',
  },
} as const satisfies Record<string, MetricRow>;
