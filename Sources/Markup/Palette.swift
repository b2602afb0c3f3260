/// The colours of every page, in light and dark, each named by its job.
package enum Palette {
    /// A style sheet that sets them as variables of the root.
    package static var css: [UInt8] { PackageResources.colours_css }
}
