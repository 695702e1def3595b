import { redisStore } from './redis.ts';
import { kvStoreContract } from './store.contract.ts';

kvStoreContract('redis', redisStore);
