import { kvStoreContract } from './store.contract.ts';
import { redisStore } from './redis.ts';

kvStoreContract('redis', redisStore);
