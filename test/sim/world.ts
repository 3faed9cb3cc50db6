import { Candidates } from './candidates.ts';
import { Invariants } from './invariants.ts';
import { JobHistory } from './job-history.ts';
import { type Profile, profileOf, STUCK_MS } from './profile.ts';
import { SeededRandom } from './random.ts';
import { type SimBlock, SimChain } from './sim-chain.ts';
import { type OwnedClock, SimClock } from './sim-clock.ts';
import { SimDisk } from './sim-disk.ts';
import { SimKpss } from './sim-kpss.ts';
import { SimMiner } from './sim-miner.ts';
import { SimNode } from './sim-node.ts';
import { SimPest } from './sim-pest.ts';
import { Trace } from './trace.ts';

const START_MS = 1_795_400_000_000;
/** How often the invariants that need time are looked at. */
const STEP_MS = 500;
/** A poll that hung when all was healed is given up after 5 s, a template after 10; then come back-off and a round more. */
const CONVERGE_WITHIN_MS = 30_000;
/** A call of before may hang for ten seconds, pauses end after five at the latest, and a node is asked a few things. */
const FOLLOW_WITHIN_MS = 20_000;
/** A found block gets ten seconds at the end, a call its time limit. */
const STOP_WITHIN_MS = 80_000;
/** The verifier answers within two seconds; candidates that were held back end with the server. */
const LATE_VERDICT_MS = 3_000;
/** At the highest difficulty a miner still has a share every few seconds, most of them honest. */
const SHARE_WITHIN_MS = 90_000;

export interface RunResult {
  readonly seed: number;
  /** Undefined when all held. */
  readonly violation: { readonly invariant: string; readonly detail: string } | undefined;
  /** The same for the same seed. */
  readonly fingerprint: string;
  readonly lastEvents: readonly string[];
  readonly candidates: number;
}

/** Runs the world of one seed: faults, healing, and whether all is well again. */
export async function runSeed(seed: number, print?: (line: string) => void): Promise<RunResult> {
  const world = new World(seed, print);
  await world.run();
  const { violation } = world.invariants;
  const { fingerprint } = world.trace;
  const lastEvents = world.trace.last(60);
  return { seed, violation, fingerprint, lastEvents, candidates: world.candidates.count };
}

class World {
  readonly trace: Trace;
  readonly invariants: Invariants;
  readonly candidates: Candidates;
  readonly #random: SeededRandom;
  readonly #profile: Profile;
  readonly #clock = new SimClock(START_MS);
  readonly #network: OwnedClock = this.#clock.owned();
  readonly #chain: SimChain;
  readonly #nodes: readonly SimNode[];
  readonly #miners: readonly SimMiner[];
  readonly #pests: readonly SimPest[];
  readonly #history = new JobHistory();
  readonly #disk: SimDisk;
  #kpss: SimKpss | undefined;
  #starts = 0;
  #startedMs = 0;
  #isHealed = false;

  constructor(seed: number, print?: (line: string) => void) {
    this.#random = new SeededRandom(seed);
    this.#profile = profileOf(this.#random.fork('profile'));
    this.trace = new Trace(START_MS, print);
    this.trace.add(START_MS, 'world', JSON.stringify(this.#profile));
    this.#chain = new SimChain(this.#profile.bits);
    this.#disk = new SimDisk(this.#profile.syncMs);
    this.#nodes = this.#makeNodes();
    const clock = this.#network;
    const { trace } = this;
    this.candidates = new Candidates({
      clock,
      chain: this.#chain,
      nodes: this.#nodes,
      history: this.#history,
      disk: this.#disk,
      journal: () => this.#kpss?.journal,
      mayWait: this.#profile.busyVerifier > 0,
      fail: (invariant, detail) => this.invariants.fail(invariant, detail),
    });
    const { candidates } = this;
    this.invariants = new Invariants({ clock, trace, history: this.#history, candidates });
    this.#miners = this.#makeMiners();
    this.#pests = this.#makePests();
  }

  async run(): Promise<void> {
    const { safetyMs, kills } = this.#profile;
    for (const [index, node] of this.#nodes.entries()) {
      if (index !== this.#profile.steady) this.#troubleLater(node);
    }
    this.#findForeignBlockLater();
    this.#troubleDiskLater();
    this.#startKpss();
    for (const peer of [...this.#miners, ...this.#pests]) peer.start();
    const random = this.#random.fork('kills');
    for (let i = 0; i < kills; i++) this.#killLater(random.int(2_000, safetyMs - 8_000), random);
    this.#reloadLater(safetyMs);
    await this.#passTime(safetyMs);
    this.#heal();
    await this.#passTime(5_000);
    await this.#settleOnOneTip();
    await this.#mineAgain();
    await this.#stop();
  }

  /** @param until is looked at between steps. @returns whether it came true */
  async #passTime(durationMs: number, until: () => boolean = () => false): Promise<boolean> {
    for (let passedMs = 0; passedMs < durationMs; passedMs += STEP_MS) {
      if (this.invariants.violation !== undefined || until()) return true;
      await this.#clock.advance(STEP_MS);
      this.invariants.tick();
      this.candidates.tick();
      this.#kpss?.checkBounds();
      this.#checkFollowing();
    }
    return until();
  }

  /** KPSS mines on a tip as high as any that a node in good health has shown for long enough. */
  #checkFollowing(): void {
    const sinceMs = this.#clock.nowMs() - FOLLOW_WITHIN_MS;
    const { tip } = this.#history;
    if (this.#kpss === undefined || this.#startedMs > sinceMs || this.candidates.isStopping) return;
    const height = tip === undefined ? 0 : this.#chain.get(tip).height;
    for (const node of this.#nodes) {
      if (node.fault !== 'none' || node.healthySinceMs > sinceMs || node.heightAt(sinceMs) <= height)
        continue;
      const detail = `${node.name} has long been at ${node.heightAt(sinceMs)}, the work is on ${height}`;
      this.invariants.fail('the best of the nodes is mined on', detail);
    }
  }

  #makeNodes(): SimNode[] {
    const nodes = Array.from({ length: this.#profile.nodes }, (_, index) => {
      const name = `node${index + 1}`;
      const modules = { chain: this.#chain, clock: this.#network, trace: this.trace };
      return new SimNode(name, { ...modules, random: this.#random.fork(name) });
    });
    for (const node of nodes) node.setPeers(nodes.filter((other) => other !== node));
    return nodes;
  }

  #makeMiners(): SimMiner[] {
    const { miners, meanShareMs, mischief } = this.#profile;
    return Array.from({ length: miners }, (_, index) => {
      const name = `rig${index + 1}`;
      return new SimMiner(
        { name, meanShareMs, mischief, port: index },
        {
          clock: this.#network,
          random: this.#random.fork(name),
          invariants: this.invariants,
          connect: (miner) => this.#kpss?.connect(miner),
        },
      );
    });
  }

  #makePests(): SimPest[] {
    return this.#profile.pests.map((kind, index) => {
      const name = `pest${index + 1}`;
      return new SimPest(
        { name, kind, port: index },
        {
          clock: this.#network,
          random: this.#random.fork(name),
          invariants: this.invariants,
          connect: (peer) => this.#kpss?.connect(peer),
          others: () => this.#miners,
        },
      );
    });
  }

  #startKpss(): void {
    this.#starts += 1;
    this.#startedMs = this.#clock.nowMs();
    const busy = this.#random.fork(`busy ${this.#starts}`);
    this.trace.add(this.#clock.nowMs(), 'kpss', `start ${this.#starts}`);
    this.#kpss = new SimKpss({
      clock: this.#clock,
      network: this.#network,
      random: this.#random.fork(`kpss ${this.#starts}`),
      trace: this.trace,
      nodes: this.#nodes,
      invariants: this.invariants,
      candidates: this.candidates,
      disk: this.#disk,
      loginMs: this.#profile.loginMs,
      paysAccounts: this.#profile.paysAccounts,
      isVerifierBusy: () => !this.#isHealed && busy.chance(this.#profile.busyVerifier),
    });
    this.#kpss.start();
  }

  #reloadLater(withinMs: number): void {
    const random = this.#random.fork('reloads');
    for (let i = 0; i < this.#profile.reloads; i++) {
      this.#network.setTimer(random.int(2_000, withinMs), () => {
        if (this.#kpss === undefined) return;
        this.trace.add(this.#clock.nowMs(), 'kpss', 'reload');
        this.#kpss.reload(random);
      });
    }
  }

  #killLater(delayMs: number, random: SeededRandom): void {
    this.#network.setTimer(delayMs, () => {
      if (this.#kpss === undefined) return;
      this.trace.add(this.#clock.nowMs(), 'kpss', 'killed');
      this.#kpss.kill();
      this.#kpss = undefined;
      this.invariants.forgetServer();
      this.#history.restart();
      this.candidates.restart();
      this.#network.setTimer(random.int(100, 3_000), () => this.#startKpss());
    });
  }

  #troubleLater(node: SimNode): void {
    const random = this.#random.fork(`${node.name}'s trouble`);
    const { meanHealthMs, meanFaultMs, faults } = this.#profile;
    const next = (): void => {
      const isWell = node.fault === 'none';
      const byChanceMs = random.waitMs(isWell ? meanHealthMs : meanFaultMs);
      this.#network.setTimer(node.fault === 'stuck' ? random.int(...STUCK_MS) : byChanceMs, () => {
        if (this.#isHealed) return;
        node.setFault(isWell ? random.pick(faults) : 'none');
        next();
      });
    };
    // Some are in trouble from the start.
    if (random.chance(0.2)) node.setFault(random.pick(faults));
    next();
  }

  #troubleDiskLater(): void {
    const random = this.#random.fork('disk');
    const next = (): void => {
      const { isFailing } = this.#disk;
      const meanMs = isFailing ? 4_000 : this.#profile.meanDiskHealthMs;
      this.#network.setTimer(random.waitMs(meanMs), () => {
        if (this.#isHealed) return;
        this.#fillDisk(!isFailing);
        next();
      });
    };
    next();
  }

  #fillDisk(isFull: boolean): void {
    this.#disk.setFailing(isFull, this.#clock.nowMs());
    this.trace.add(this.#clock.nowMs(), 'disk', isFull ? 'is full' : 'has room');
  }

  /** Others' blocks: on the tip, beside it, in its place, or a longer branch that replaces it. */
  #findForeignBlockLater(): void {
    const random = this.#random.fork('others');
    const next = (): void => {
      this.#network.setTimer(random.waitMs(this.#profile.meanBlockMs), () => {
        if (this.#isHealed) return;
        const node = random.pick(this.#nodes);
        const how = random.next();
        if (!node.hasNews) {
          next();
          return;
        }
        if (how < 0.65) this.#foreign(node.tip, node, random);
        else if (how < 0.75) this.#foreign(this.#parentOf(node.tip), node, random);
        else if (how < 0.85) node.prefer(this.#foreign(this.#parentOf(node.tip), node, random));
        else this.#foreign(this.#foreign(this.#parentOf(node.tip), node, random), node, random);
        next();
      });
    };
    next();
  }

  #foreign(parent: SimBlock, node: SimNode, random: SeededRandom): SimBlock {
    const block = this.#chain.foreign(parent, this.#clock.nowMs(), random);
    node.take(block);
    return block;
  }

  #parentOf(block: SimBlock): SimBlock {
    return block.hash === this.#chain.genesis.hash ? block : this.#chain.get(block.parent);
  }

  #heal(): void {
    this.#isHealed = true;
    this.trace.add(this.#clock.nowMs(), 'world', 'healed');
    for (const node of this.#nodes) node.setFault('none');
    this.#fillDisk(false);
    for (const node of this.#nodes) node.catchUp();
  }

  async #settleOnOneTip(): Promise<void> {
    for (const miner of this.#miners) miner.rest(true);
    await this.#passTime(2_000);
    // Two branches of one length stay two until somebody finds the next block.
    const longest = this.#nodes.reduce((a, b) => (b.tip.height > a.tip.height ? b : a));
    this.#foreign(longest.tip, longest, this.#random.fork('peace'));
    const isDone = await this.#passTime(CONVERGE_WITHIN_MS, () => this.#laggards() === '');
    if (!isDone) this.invariants.fail('after healing every session has a job on the tip', this.#laggards());
  }

  /** Who is not on the one tip, in words. */
  #laggards(): string {
    const tips = new Set(this.#nodes.map((node) => node.tip.hash));
    if (tips.size > 1) return 'the nodes are on different tips';
    const late = this.#miners.filter(({ job, link }) => {
      const isOn =
        link?.isOpen && job !== undefined && tips.has(this.#history.tipOf(job.headerHashHex) ?? '');
      return !isOn;
    });
    return late.map(({ name }) => name).join(', ');
  }

  async #mineAgain(): Promise<void> {
    const before = this.#miners.map(({ accepted }) => accepted);
    for (const miner of this.#miners) miner.rest(false);
    const idle = (): string =>
      this.#miners
        .filter(({ accepted }, index) => accepted <= (before[index] ?? 0))
        .map(({ name }) => name)
        .join(', ');
    const isDone = await this.#passTime(SHARE_WITHIN_MS, () => idle() === '');
    if (!isDone) this.invariants.fail('after healing everybody mines', `no share of ${idle()} is accepted`);
    for (const miner of this.#miners) miner.rest(true);
    await this.#passTime(10_000);
  }

  async #stop(): Promise<void> {
    const kpss = this.#kpss;
    if (this.invariants.violation !== undefined || kpss === undefined) return;
    this.#checkCounts(kpss);
    for (const peer of [...this.#miners, ...this.#pests]) peer.leave();
    this.candidates.isStopping = true;
    this.trace.add(this.#clock.nowMs(), 'kpss', 'stop');
    let isStopped = false;
    void kpss.instance.stop().then(() => {
      isStopped = true;
    });
    await this.#passTime(STOP_WITHIN_MS, () => isStopped);
    // An answer of the verifier may still come.
    await this.#passTime(LATE_VERDICT_MS, () => kpss.leftovers() === '');
    const left = kpss.leftovers();
    if (!isStopped) this.invariants.fail('a stop comes to its end', left);
    else if (left !== '') this.invariants.fail('nothing is left running', left);
    this.candidates.checkKept();
  }

  #checkCounts(kpss: SimKpss): void {
    const { counts, blocks } = kpss.instance.status();
    const rejected = Object.values(counts.rejected).reduce((sum, count) => sum + count, 0);
    const counted = counts.accepted + rejected;
    const { delivered, answeredShares } = this.invariants;
    if (counted > delivered || counted < answeredShares) {
      const detail = `${counted} counted, ${delivered} handled, ${answeredShares} answered`;
      this.invariants.fail('accepted and rejected are all that was submitted', detail);
    }
    const { countableShares } = this.invariants;
    if (counts.accepted > countableShares) {
      const detail = `${counts.accepted} count, ${countableShares} may`;
      this.invariants.fail('only right shares count', detail);
    }
    for (const { state, hash } of blocks) {
      const isTrue = state !== 'accepted' || this.#nodes.some((node) => node.everBest.has(hash));
      if (!isTrue) this.invariants.fail('accepted only if a node took it', `${hash} in the status`);
    }
  }
}
