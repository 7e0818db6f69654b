/** What vite.config.ts takes of Node, so that its types need no package of their own. */
declare module "node:fs" {
  export function readdirSync(folder: string): string[];
  export function readFileSync(path: string): Uint8Array;
  export function writeFileSync(path: string, data: Uint8Array): void;
}
declare module "node:path" {
  export function join(...parts: string[]): string;
}
declare module "node:zlib" {
  export const constants: Record<"BROTLI_PARAM_QUALITY" | "BROTLI_PARAM_SIZE_HINT", number>;
  export function gzipSync(data: Uint8Array, options: { level: number }): Uint8Array;
  export function brotliCompressSync(data: Uint8Array, options: { params: Record<number, number> }): Uint8Array;
}
