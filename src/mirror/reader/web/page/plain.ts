/** The text of a body of the closed subset. */
export const plain = (body: string): string =>
  body
    .replace(/<(?:\/(?:p|h[2-4]|li|blockquote|pre|tr|figcaption)|br)>/g, "\n")
    .replace(/<[^>]*>/g, " ")
    .replace(/&(lt|gt|quot|amp);/g, (_, name: string) => ({ lt: "<", gt: ">", quot: '"' })[name] ?? "&");
