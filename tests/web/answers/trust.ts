import { declaredLength, decodeFrame, frameEnd } from "../../../src/mirror/reader/web/core/bundle/frame.ts";
import { hex, unhex } from "../../../src/mirror/reader/web/core/bytes.ts";
import type { Answerers } from "./answering.ts";

type Frame = { padded: string; length?: number; history?: string; fixed?: number };

export const trust: Answerers = {
  "frame-outline": (input: string) => [declaredLength(unhex(input)), frameEnd(unhex(input))],
  frame: ({ padded, length, history, fixed }: Frame) => {
    const data = unhex(padded);
    return hex(decodeFrame(data, length ?? declaredLength(data), unhex(history ?? ""), fixed));
  },
};
