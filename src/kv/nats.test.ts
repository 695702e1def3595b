import { natsStore } from './nats.ts';
import { kvStoreContract } from './store.contract.ts';

kvStoreContract('nats', natsStore);
