// Package imports reads files (CSV, JSON lines) by the import declarations of
// a workspace, and brings their rows to whoever stores them.
//
// Open finds out what a file is: encoding, separator, columns. A Reader makes
// rows of it: whom a row is about, what it fills, cleaned by the types of the
// declarations. Run brings rows in groups to a Sink, in the order of the file,
// with a fixed amount of memory whatever the file's size.
//
// The same file again changes nothing. A row has a key, a hash of the import's
// name, the row's content and the how-manyeth of its kind it is in the file
// (two identical rows are two purchases); the Sink remembers the keys it has
// taken. So a corrected file adds the rows that were corrected, and an import
// that broke off is simply begun again.
//
// The content of an event's row is all its columns. That of a person's row is
// the columns that the declaration names, and the declaration: setting a value
// again does no harm, and who adds a column to the declaration wants it filled.
//
// Nothing here knows Redis or HTTP; the command line uses it for dry runs.
package imports
