"""Data: from files and arrays to a task with its split and preprocessing.

formats/     readers of the fields' file formats, found by what a path holds
raw          what a reader returns: samples as they lie in the files, with named classes
arrays       arrays and data sets from Python, written to a file that every worker can read
unequal      samples of unequal lengths among such arrays
split        stratified and seeded parts; a group that is left out is the test part
grouped      parts that keep groups whole, such as subjects
images       layout, size and values of raw images
normalise    mean and standard deviation of the training part; applying them to raw data later
augment      random shifts, flips, turns and zooms of a whole epoch's images
signals      layout, values and preprocessing of signals; signal_augment moves them and adds noise
gaps         missing values of signals, and signals of unequal lengths; recordings cuts long ones at their events
words        from a text to its words, in any language; their hashes
texts        vocabulary of the training part; rows of whole numbers of texts at any time later; ngrams hashes words and pairs,
             text_augment leaves words out
encodings    from bytes to text
labelled     what tables of labelled texts have in common
movie_reviews  text's default data
task         what a domain makes of it all: the values that training and measures use
fetch        default data: found where a package ships it (shipped), or fetched once and kept: resource says what is wanted,
             download gets it by pip or from the index (index, pip_settings), archives reads it out
files        bounded reading of files that may be hostile
"""
