/** What is wrong with the archive of a module, in a sentence: whose fault it is, whoever has asked for it knows. */
export class BadArchive extends Error {
  override readonly name = 'BadArchive';
}
