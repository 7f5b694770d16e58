/** The values that several layers share, as in `model.py`. Instants are whole Unix seconds, UTC. */

export const DAY = 86_400;

/** Withdrawn: the text was wrong, and copies should say so. Removed: it endangers someone, and copies go. */
export type State = "live" | "corrected" | "withdrawn" | "removed";

/**
 * Something larger than a piece, as the names of the pieces that carry it, in order: at least one. All but the last
 * have the full size. `rawLength` is in bytes, after decompression.
 */
export interface PieceList {
  readonly rawLength: number;
  readonly digests: readonly string[];
  readonly lastSize: number;
}

/** A picture: the body names it by its place, `<img src="image:0">`. Width and height are those of the larger tier. */
export interface Image {
  readonly thumbnail: PieceList;
  readonly full: PieceList | null;
  readonly mediaType: string;
  readonly width: number;
  readonly height: number;
  readonly alt: string;
  readonly credit: string;
}

export interface Correction {
  readonly at: number;
  readonly text: string;
}

/** One text as the publisher says it. Where it is only listed, all that is not a headline's is empty. */
export interface Article {
  readonly id: string;
  readonly channel: string;
  readonly language: string;
  readonly title: string;
  /** HTML that somebody else wrote: to be sanitized before it is shown. */
  readonly body: string;
  readonly published: number;
  readonly updated: number;
  readonly summary: string;
  readonly byline: string;
  readonly section: string;
  readonly source: string;
  readonly credits: readonly string[];
  readonly images: readonly Image[];
  readonly corrections: readonly Correction[];
  readonly state: State;
}

export const CHANNEL_ID = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
