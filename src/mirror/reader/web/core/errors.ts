/** Errors by who must act, as in `errors.py`. `code` is stable, and the key of the localized message. */

/** The root. Never thrown itself. */
export class MirrorError extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** Bytes that break the format: try another mirror. */
export class FormatError extends MirrorError {}

/** Bytes above a bound, or longer than was signed. */
export class LimitError extends FormatError {
  constructor(code = "limit") {
    super(code);
  }
}

/** Not authentic, or not fresh: never show it. */
export class TrustError extends MirrorError {}

/** This one mirror did not answer as a mirror would. */
export class EndpointError extends MirrorError {}

/** No mirror gave it; what is held stays readable. */
export class UnreachableError extends MirrorError {
  constructor(code = "unreachable") {
    super(code);
  }
}

/** The device did not keep it; what was kept before is whole. */
export class StorageError extends MirrorError {}

/** An act was not confirmed, or is off: nothing was done. */
export class GateError extends MirrorError {}
