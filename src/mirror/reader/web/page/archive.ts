/** An edition in a file as one more mirror, which is believed no more than others. */

import { openArchive } from "../core/bundle/archive.ts";
import type { Bytes } from "../core/bytes.ts";
import { ABSENT, TOO_LONG, type Transport } from "../core/client/net.ts";
import { EndpointError } from "../core/errors.ts";

/** Where it answers. No name under `.invalid` exists, so nothing could ever be sent there. */
const ADDRESS = "https://archive.invalid/";

/** The mirror's address, and a transport that knows it besides what `web` reaches. */
export async function mirrorIn(
  archive: Blob,
  web: Transport,
): Promise<{ readonly address: string; readonly transport: Transport }> {
  const part = async (from: number, length: number): Promise<Bytes> =>
    new Uint8Array(await archive.slice(from, from + length).arrayBuffer());
  const tree = await openArchive(part, archive.size);
  const transport: Transport = {
    async get(mirror, path, limit, signal, watch) {
      if (mirror !== ADDRESS) return web.get(mirror, path, limit, signal, watch);
      const data = await tree.read(path);
      if (!data) throw new EndpointError(ABSENT);
      if (data.length > limit) throw new EndpointError(TOO_LONG);
      watch(data.length);
      return data;
    },
  };
  return { address: ADDRESS, transport };
}
