/**
 * Several machines on one, for networks whose nodes have addresses of their own. Where Linux lets us, each is a network
 * namespace with one cable to a switch, which is a bridge in a namespace too; the cable can be pulled out. Elsewhere each
 * is another loopback address, and a line on the console says so.
 *
 * Each namespace is held by a process that waits for its input to end: when the tests do, however they end, all namespaces
 * are gone, and with them every link and address.
 */

export interface Machine {
  readonly name: string;
  /** IPv4. */
  readonly address: string;
  /** What stands before a command for it to run there. */
  readonly enter: readonly string[];
  /** `null` for a loopback address. */
  readonly cable: Cable | null;
}

export interface Cable {
  /** Whatever is sent to or from the machine from now on is lost, without a word to anybody. */
  pull(): Promise<void>;
  plug(): Promise<void>;
}

export interface Machines extends AsyncDisposable {
  readonly kind: 'namespaces' | 'loopback addresses';
  /** Where the tests themselves are reached by all machines. */
  readonly address: string;
  machine(name: string): Machine;
}

export async function startMachines(names: readonly string[]): Promise<Machines> {
  const problem = await namespacesProblem();
  if (problem === null) return openNamespaces(names);
  console.info(`machines are loopback addresses, not network namespaces: ${problem}`);
  return loopbackAddresses(names);
}

/** Why there can be no namespaces, or `null`. */
async function namespacesProblem(): Promise<string | null> {
  if (process.platform !== 'linux') return 'this is not Linux';
  const programs = ['ip', 'unshare', 'nsenter'].filter((program) => Bun.which(program) === null);
  if (programs.length > 0) return `${programs.join(', ')} is not installed`;
  const trial = [
    'unshare',
    '-n',
    'sh',
    '-c',
    'ip link add trial type bridge && ip link add one type veth peer name other',
  ];
  const child = Bun.spawn(trial, { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' });
  const [code, said] = await Promise.all([child.exited, child.stderr.text()]);
  return code === 0 ? null : (said.trim().split('\n').at(-1) ?? `unshare ended with ${code}`);
}

interface Namespace {
  readonly enter: readonly string[];
  readonly pid: number;
  close(): Promise<void>;
}

async function openNamespace(): Promise<Namespace> {
  const holder = Bun.spawn(['unshare', '-n', 'sh', '-c', 'echo here; exec cat >/dev/null'], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const said = await holder.stdout.getReader().read();
  if (said.value === undefined) throw new Error('a network namespace could not be made');
  return {
    pid: holder.pid,
    enter: ['nsenter', `--net=/proc/${holder.pid}/ns/net`],
    async close() {
      await holder.stdin.end();
      await holder.exited;
    },
  };
}

/** 198.18.0.0/15 is set aside for tests between networks (RFC 2544). */
const subnet = (number: number) => `198.18.${number}`;
const subnets = 256;
const ownPlace = 254;

async function openNamespaces(names: readonly string[]): Promise<Machines> {
  const bridge = await openNamespace();
  const number = await plugIn(bridge);
  const inSwitch = (command: string) => run([...bridge.enter, 'sh', '-ec', command]);
  await inSwitch(
    'ip link add switch0 type bridge; ip link set uplink master switch0 up; ip link set switch0 up',
  );
  const spaces = new Map<string, Namespace>();
  const machines = new Map<string, Machine>();
  for (const [at, name] of names.entries()) {
    const space = await openNamespace();
    spaces.set(name, space);
    const [cable, address] = [`cable${at}`, `${subnet(number)}.${at + 1}`];
    await inSwitch(
      `ip link add ${cable} type veth peer name eth0 netns ${space.pid}; ip link set ${cable} master switch0 up`,
    );
    const up = `ip addr add ${address}/24 dev eth0; ip link set eth0 up; ip link set lo up`;
    await run([...space.enter, 'sh', '-ec', up]);
    machines.set(name, {
      name,
      address,
      enter: space.enter,
      cable: {
        pull: () => inSwitch(`ip link set ${cable} down`),
        plug: () => inSwitch(`ip link set ${cable} up`),
      },
    });
  }
  return {
    kind: 'namespaces',
    address: `${subnet(number)}.${ownPlace}`,
    machine: (name) => found(machines, name),
    async [Symbol.asyncDispose]() {
      for (const space of [...spaces.values(), bridge]) await space.close();
    },
  };
}

/** A cable from the tests' own namespace to the switch, in a subnet that no other test run has. Gives its number. */
async function plugIn({ pid }: Namespace): Promise<number> {
  for (let tries = 0; tries < subnets; tries++) {
    const number = (process.pid + tries) % subnets;
    const name = `meridian${number}`;
    if (await succeeds(['ip', 'link', 'show', name])) continue;
    await run(['ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'uplink', 'netns', String(pid)]);
    await run(['ip', 'addr', 'add', `${subnet(number)}.${ownPlace}/24`, 'dev', name]);
    await run(['ip', 'link', 'set', name, 'up']);
    return number;
  }
  throw new Error('every subnet for machines is taken');
}

function loopbackAddresses(names: readonly string[]): Machines {
  const machines = new Map(
    names.map((name, at) => {
      // On Linux, all of 127.0.0.0/8 is there; elsewhere one address is all there is.
      const address = process.platform === 'linux' ? `127.0.1.${at + 1}` : '127.0.0.1';
      return [name, { name, address, enter: [], cable: null }];
    }),
  );
  return {
    kind: 'loopback addresses',
    address: '127.0.0.1',
    machine: (name) => found(machines, name),
    [Symbol.asyncDispose]: async () => {},
  };
}

function found(machines: ReadonlyMap<string, Machine>, name: string): Machine {
  const machine = machines.get(name);
  if (!machine) throw new Error(`there is no machine "${name}"`);
  return machine;
}

async function succeeds(command: readonly string[]): Promise<boolean> {
  return (await Bun.spawn([...command], { stdio: ['ignore', 'ignore', 'ignore'] }).exited) === 0;
}

async function run(command: readonly string[]): Promise<void> {
  const child = Bun.spawn([...command], { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' });
  const [code, said] = await Promise.all([child.exited, child.stderr.text()]);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${said}`);
}
