/** Replays what Python's network, plans and scouts were told, and answers what ours say to each. */

import type { Network as Net } from "../../../src/mirror/reader/web/core/client/network.ts";
import { Network } from "../../../src/mirror/reader/web/core/client/network.ts";
import { type Action, Plan } from "../../../src/mirror/reader/web/core/client/plan.ts";
import { Scout } from "../../../src/mirror/reader/web/core/client/scout.ts";
import type { Answerers, Json } from "./answering.ts";

/** What was called, on which of the things made so far, with what. */
type Call = readonly [what: string, on: number, ...given: readonly never[]];

/** JSON has no infinity. */
const time = (seconds: number | null): Json => (seconds === Number.POSITIVE_INFINITY ? "inf" : seconds);

function told(action: Action): Json {
  switch (action.kind) {
    case "start":
      return [action.kind, action.number, action.endpoint, action.piece, action.line];
    case "stop": {
      const { number, endpoint, piece, line, received, isLate } = action;
      return [action.kind, number, endpoint, piece, line, received, isLate];
    }
    case "close":
      return [action.kind, action.line];
    case "give up":
      return [action.kind, action.piece, Object.fromEntries(action.failures)];
  }
}

function facts(network: Net): Json {
  const endpoints = [...network.endpoints].map(([name, each]) => [
    name,
    each.place,
    each.standing,
    each.strikes,
    each.freeAt,
    each.underWay,
    each.hasGiven,
    each.took.mean,
    each.answer.most,
    each.connect.most,
    time(network.patience(name)),
    network.connectPatience(name),
    network.cost(name),
  ]);
  const lines = [...network.lines].map(([number, each]) => [
    number,
    each.endpoint,
    each.carried,
    each.isBusy,
  ]);
  const { curtain, safe, window, underWay, rate, room } = network;
  return [curtain, safe, window, underWay, rate, room, network.expected(), endpoints, lines];
}

function assign(on: object, name: string, value: unknown): undefined {
  Object.assign(on, { [name]: value });
}

/** Everything that Python calls from outside, by its name there. */
function replay(calls: readonly Call[]): Json {
  const things: unknown[] = [];
  const networks: { readonly [what: string]: (on: Net, ...given: never[]) => Json | undefined } = {
    meet: (on, name, opening) => on.meet(name, opening) as undefined,
    gave: (on, fetched) => on.gave(fetched) as undefined,
    failed: (on, name, now) => on.failed(name, now) as undefined,
    lied: (on, name) => on.lied(name) as undefined,
    streams: (on, change, now) => on.streams(change, now) as undefined,
    flowed: (on, size, now) => on.flowed(size, now) as undefined,
    may_ask: (on, name, now) => on.mayAsk(name, now),
    open_line: (on, name) => on.openLine(name),
    idle_line: (on, name, mayProbe) => on.idleLine(name, mayProbe),
    has_idle: (on, name) => on.hasIdle(name),
    is_spent: (on, number) => on.isSpent(number),
    carried: (on, number, size) => on.carried(number, size) as undefined,
    stopped: (on, number, received) => on.stopped(number, received),
    close_line: (on, number) => on.closeLine(number) as undefined,
    patience: (on, name) => on.patience(name),
    connect_patience: (on, name) => on.connectPatience(name),
    expected: (on) => on.expected(),
    cost: (on, name) => on.cost(name),
    set: (on, name, value) => assign(on, name, value),
    "set line": (on, number, name, value) => assign(on.line(number), name, value),
    "set endpoint": (on, endpoint, name, value) => assign(on.of(endpoint), name, value),
    facts,
  };
  const plans: { readonly [what: string]: (on: Plan, ...given: never[]) => Json | undefined } = {
    connected: (on, number, now) => on.connected(number, now) as undefined,
    received: (on, number, size, now) => on.received(number, size, now),
    verified: (on, number, now) => on.verified(number, now),
    wrong: (on, number) => on.wrong(number) as undefined,
    failed: (on, number, code, now) => on.failed(number, code, now) as undefined,
    decide: (on, now) => on.decide(now).map(told),
    wake: (on, now) => time(on.wake(now)),
    cancel: (on) => on.cancel().map(told),
    is_done: (on) => on.isDone,
  };
  const scouts: { readonly [what: string]: (on: Scout, ...given: never[]) => Json | undefined } = {
    connected: (on, number, now) => on.connected(number, now) as undefined,
    received: (on, number, size, now) => on.received(number, size, now) as undefined,
    answered: (on, number, now, isGood, vouches) => on.answered(number, now, isGood, vouches) as undefined,
    decide: (on, now) => on.decide(now).map(({ number, code }) => [number, code]),
    wake: (on, now) => time(on.wake(now)),
    is_done: (on) => on.isDone,
  };
  return calls.map(([what, on, ...given]): Json => {
    if (what === "Network") things.push(new Network(given[0] as never));
    else if (what === "Plan") things.push(new Plan(things[given[0] as never] as Net, given[1] as never));
    else if (what === "Scout") {
      const [network, sources, leads, vouched, everyone] = given as never[];
      const led = new Set<number>(leads);
      things.push(
        new Scout(
          things[network as never] as Net,
          sources as never,
          led,
          vouched as never,
          everyone as never,
        ),
      );
    } else {
      const thing = things[on];
      const methods = thing instanceof Network ? networks : thing instanceof Plan ? plans : scouts;
      const method = methods[what];
      if (!method) throw new Error(`nobody knows ${what}`);
      return method(thing as never, ...given) ?? null;
    }
    return null;
  });
}

export const client: Answerers = { replay };
