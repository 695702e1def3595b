/** Users, teams and grants, by the API. */
import { z } from 'zod';
import { grant, grantee, name, password, right, team, user } from '../record.ts';
import { endpoint } from './endpoint.ts';

const nothing = z.object({});

export const peopleEndpoints = [
  endpoint({
    method: 'GET',
    path: '/users',
    audience: 'admin',
    summary: 'All users.',
    input: null,
    output: z.array(user),
    run: async ({ register }) => [...(await register.users())],
  }),
  endpoint({
    method: 'POST',
    path: '/users',
    audience: 'admin',
    summary: 'Adds a user. Without a password, he cannot log in, and needs a token made for him.',
    input: z.object({ name, email: user.shape.email.optional(), password: password.optional() }),
    output: user,
    run: ({ register, actor, input }) => register.addUser(actor, input),
  }),
  endpoint({
    method: 'PUT',
    path: '/users/:name',
    audience: 'admin',
    summary: 'Disables a user, or enables him again; gives him another password.',
    input: z.object({ disabled: z.boolean().optional(), password: password.optional() }),
    output: nothing,
    async run({ register, actor, names, input }) {
      const who = names['name'] ?? '';
      if (input.disabled !== undefined) await register.setDisabled(actor, who, input.disabled);
      if (input.password !== undefined) await register.setPassword(actor, who, input.password);
      return {};
    },
  }),
  endpoint({
    method: 'DELETE',
    path: '/users/:name',
    audience: 'admin',
    summary: 'Removes a user with his tokens, his grants, and his place in teams.',
    input: null,
    output: nothing,
    async run({ register, actor, names }) {
      await register.removeUser(actor, names['name'] ?? '');
      return {};
    },
  }),
  endpoint({
    method: 'GET',
    path: '/teams',
    audience: 'admin',
    summary: 'All teams, with their members.',
    input: null,
    output: z.array(team),
    run: async ({ register }) => [...(await register.teams())],
  }),
  endpoint({
    method: 'POST',
    path: '/teams',
    audience: 'admin',
    summary: 'Adds a team.',
    input: z.object({ name }),
    output: team,
    run: ({ register, actor, input }) => register.addTeam(actor, input.name),
  }),
  endpoint({
    method: 'DELETE',
    path: '/teams/:name',
    audience: 'admin',
    summary: 'Removes a team with its grants.',
    input: null,
    output: nothing,
    async run({ register, actor, names }) {
      await register.removeTeam(actor, names['name'] ?? '');
      return {};
    },
  }),
  endpoint({
    method: 'PUT',
    path: '/teams/:name/members/:user',
    audience: 'admin',
    summary: 'Makes a user a member.',
    input: null,
    output: team,
    run: ({ register, actor, names }) => register.addMember(actor, names['name'] ?? '', names['user'] ?? ''),
  }),
  endpoint({
    method: 'DELETE',
    path: '/teams/:name/members/:user',
    audience: 'admin',
    summary: 'Takes a member out.',
    input: null,
    output: team,
    run: ({ register, actor, names }) =>
      register.removeMember(actor, names['name'] ?? '', names['user'] ?? ''),
  }),
  endpoint({
    method: 'GET',
    path: '/grants',
    audience: 'admin',
    summary: 'All grants, or those of one (`?to=team:core`).',
    input: null,
    output: z.array(grant),
    async run({ register, query }) {
      const to = query.get('to');
      return (await register.grants()).filter((each) => to === null || each.to === to);
    },
  }),
  endpoint({
    method: 'POST',
    path: '/grants',
    audience: 'admin',
    summary: 'Gives a right.',
    input: right.extend({ to: grantee }),
    output: grant,
    run: ({ register, actor, input: { to, ...given } }) => register.grant(actor, to, given),
  }),
  endpoint({
    method: 'DELETE',
    path: '/grants/:id',
    audience: 'admin',
    summary: 'Takes a right back.',
    input: null,
    output: nothing,
    async run({ register, actor, names }) {
      await register.revokeGrant(actor, names['id'] ?? '');
      return {};
    },
  }),
];
