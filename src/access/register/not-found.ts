import { MeridianError } from '../../errors.ts';

export function notFound(what: 'user' | 'team' | 'grant' | 'token', name: string): MeridianError {
  return new MeridianError('no-such-record', `there is no ${what} ${name}`);
}
