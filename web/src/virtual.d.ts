/** Made by starters-plugin.ts: by id of the language. */
declare module "virtual:starters" {
  const starters: Readonly<Record<string, { readonly path: string; readonly content: string }>>;
  export default starters;
}
