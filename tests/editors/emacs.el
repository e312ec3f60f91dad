;;; emacs.el --- What Eglot shows of the demonstration workspace  -*- lexical-binding: t -*-
;;   emacs -Q --batch -l setup.el -l emacs.el path/to/a/copy/of/chandlery
;; setup.el is the block of editors/emacs/README.md; `portolan' is on the path.  Works with Emacs 29 and later, whose own Eglot it drives:
;; functions behind keys, not requests.  Prints a line for each request, and ends with an error at the first that does not answer as it should.

(require 'eglot)
(require 'cl-lib)
(require 'flymake)
(require 'imenu)
(require 'xref)

(defconst patience 30 "Seconds.")
(defvar root (file-name-as-directory (expand-file-name (pop command-line-args-left))))

;; Packages' modes, which Emacs itself lacks without a grammar.
(define-derived-mode typescript-mode prog-mode "TypeScript")
(define-derived-mode rust-mode prog-mode "Rust")
(add-to-list 'auto-mode-alist '("\\.ts\\'" . typescript-mode))
(add-to-list 'auto-mode-alist '("\\.rs\\'" . rust-mode))
(setq eglot-sync-connect patience
      eglot-confirm-server-edits nil
      eglot-send-changes-idle-time 0.05
      make-backup-files nil
      create-lockfiles nil
      project-find-functions (list (lambda (_) (cons 'transient root))))

(defun text-of (thing)
  (if (stringp thing) thing (format "%S" thing)))

(defun attend ()
  "Let what comes in be dealt with: the server's messages, and what became of files."
  (accept-process-output nil 0.05)
  (read-event nil nil 0.05))

(defun expect (what wanted ask)
  "Ask until the answer says all of WANTED: the workspace may not have been read yet."
  (let ((end (+ (float-time) patience)) said)
    (while (progn
             (setq said (text-of (funcall ask)))
             (not (cl-every (lambda (text) (string-search text said)) wanted)))
      (when (> (float-time) end) (error "%s does not say %S but %s" what wanted said))
      (attend))
    (message "%s: %s" what (string-join wanted ", "))))

(defun open-at (file text)
  "Visit FILE with Eglot at work, the cursor at the first TEXT."
  (switch-to-buffer (find-file-noselect (expand-file-name file root)))
  (unless (eglot-current-server)
    ;; As `M-x eglot' does.
    (apply #'eglot (eglot--guess-contact)))
  (unless eglot--managed-mode (eglot--maybe-activate-editing-mode))
  (goto-char (point-min))
  (search-forward text)
  (goto-char (match-beginning 0)))

(defun hover ()
  (let (said)
    (eglot-hover-eldoc-function (lambda (text &rest _) (setq said text)))
    (let ((end (+ (float-time) 2)))
      (while (and (not said) (< (float-time) end)) (accept-process-output nil 0.02)))
    (or said "")))

(defun places (items)
  (mapcar (lambda (item) (format "%s %s" (xref-location-group (xref-item-location item)) (xref-item-summary item))) items))

(defun findings ()
  (flymake-start)
  (mapcar #'flymake-diagnostic-text (flymake-diagnostics)))

(defun hints ()
  (eglot--update-hints-1 (point-min) (point-max))
  (accept-process-output nil 0.2)
  (mapcar (lambda (overlay) (concat (overlay-get overlay 'before-string) (overlay-get overlay 'after-string)))
          (cl-remove-if-not (lambda (overlay) (overlay-get overlay 'eglot--inlay-hint)) (overlays-in (point-min) (point-max)))))

(message "Emacs %s" emacs-version)
(open-at "services/orders/src/inventory.client.ts" "get(`/stock")
(flymake-mode 1)
(expect "hover" '("GET /stock/{sku}" "inventory" "Answered by") #'hover)
(expect "definition" '("inventory/src/routes.rs") (lambda () (places (xref-backend-definitions 'eglot (xref-backend-identifier-at-point 'eglot)))))
(eglot-inlay-hints-mode 1)
(expect "inlay hints" '("inventory GET /stock/{sku}") #'hints)
(expect "diagnostics" '("no-timeout") #'findings)

(open-at "services/inventory/src/routes.rs" "async fn show_stock")
(expect "hover in Rust" '("GET /stock/{sku}") (lambda () (search-forward "show_stock" (line-end-position) t) (backward-char) (hover)))

(open-at "services/checkout/src/routes.ts" "post(\"/\"")
(expect "references" '("services/web") (lambda () (places (xref-backend-references 'eglot (xref-backend-identifier-at-point 'eglot)))))
(expect "document symbols" '("POST /checkout") #'eglot-imenu)
(expect "workspace symbols, by path" '("async fn show_stock") (lambda () (places (xref-backend-apropos 'eglot "stock/{sku"))))

;; An edit answers a finding, and the finding is gone.
(open-at "services/orders/src/inventory.client.ts" "axios.create")
(expect "diagnostics" '("no-timeout") #'findings)
(let* ((actions (eglot-code-actions (point) (1+ (point)) nil nil))
       (chosen (cl-find "wait for" actions :key (lambda (action) (plist-get action :title)) :test #'string-search)))
  (unless chosen (error "no action sets a limit: %S" actions))
  (eglot-execute (eglot-current-server) chosen)
  (eglot--signal-textDocument/didChange)
  (expect (format "code action, applied: %s" (plist-get chosen :title)) '("gone")
          (lambda () (if (cl-some (lambda (text) (string-search "no-timeout" text)) (findings)) "" "gone"))))

;; What another program writes is seen.
(defun replace-on-disk (file old new)
  (with-temp-buffer
    (insert-file-contents (expand-file-name file root))
    (while (search-forward old nil t) (replace-match new t t))
    (write-region nil nil (expand-file-name file root) nil 'silent)))

(open-at "services/orders/src/inventory.client.ts" "get(`/stock")
(replace-on-disk "compose.yaml" "http://inventory:4300" "https://stock.example")
(expect "watched files: a manifest written by another program" '("stock.example") #'hover)
(replace-on-disk "compose.yaml" "https://stock.example" "http://inventory:4300")
(expect "watched files: a manifest written by another program" '("GET /stock/{sku}") #'hover)

;; Findings that came before their file was opened.
(open-at "services/payments/src/events.ts" "producer.send")
(expect "diagnostics of a file opened later" '("dual-write") #'findings)

;; What is set in Emacs reaches the server.
(setq-default eglot-workspace-configuration '(:portolan (:inlayHints (:enable :json-false))))
(eglot-signal-didChangeConfiguration (eglot-current-server))
(let ((range '(:start (:line 0 :character 0) :end (:line 20 :character 0))))
  (expect "settings: inlay hints turned off" '("nil")
          (lambda () (jsonrpc-request (eglot-current-server) :textDocument/inlayHint
                                      (list :textDocument (eglot--TextDocumentIdentifier) :range range)))))

(eglot-shutdown (eglot-current-server) nil 5)
(set-buffer-modified-p nil)
