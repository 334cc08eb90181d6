"""The XMP properties that are told as facts: where a file is from, when, and what was done to it.

Source: ISO 16684-1 and XMP specification part 2 for the names.
"""

STATED = (
    "xmp:CreatorTool", "xmp:CreateDate", "xmp:ModifyDate", "xmp:MetadataDate", "pdf:Producer",
    "photoshop:DateCreated", "exif:DateTimeOriginal", "xmpMM:DocumentID", "xmpMM:InstanceID",
    "xmpMM:OriginalDocumentID", "stEvt:action", "stEvt:softwareAgent", "stEvt:when",
)  # fmt: skip
